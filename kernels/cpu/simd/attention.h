// Self-attention of one head, a few query rows at a time: scores, integer
// softmax and mixture, arith/attention.h in vectors. The scores of a tile of
// rows stay in the first cache.

#ifndef MOEVIT_KERNELS_CPU_SIMD_ATTENTION_H_
#define MOEVIT_KERNELS_CPU_SIMD_ATTENTION_H_

#include <cstdint>

#include "absl/base/attributes.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/row_constants.h"
#include "kernels/cpu/simd/pack_head.h"
#include "kernels/cpu/simd/tile.h"

namespace moevit::cpu {

// Writes the scores of R queries; returns each row's maximum.
template <typename S, int R>
inline void Scores(const AttendCall& call, int first, int64_t score_stride,
                   int32_t (&largest)[R]) {
  using Vector = typename S::Vector;
  const int quads = (call.head_width + kQuad - 1) / kQuad;
  const int64_t vector_bytes = int64_t{quads} * sizeof(Vector);
  const int vectors = (call.tokens + S::kLanes - 1) / S::kLanes;
  const uint8_t* rows[R];
  Vector maximum[R];
  Repeat<R>([&](auto r) ABSL_ATTRIBUTE_ALWAYS_INLINE {
    rows[r.value] = call.queries + (first + r.value) * call.query_stride;
    maximum[r.value] = S::Fill32(kNoScore);
  });
  ForEachTile<kPanelVectors>(vectors, [&](int vector, auto constant) {
    constexpr int V = decltype(constant)::value;
    Sums<S, R, V> sums;
    Repeat<V>([&](auto v) ABSL_ATTRIBUTE_ALWAYS_INLINE {
      const Vector bias =
          S::Load(call.packed.key_bias + (vector + v.value) * S::kLanes);
      Repeat<R>([&](auto r) ABSL_ATTRIBUTE_ALWAYS_INLINE {
        sums.at[r.value][v.value] = bias;
      });
    });
    sums = Accumulate<S, R, V>(rows,
                               {call.packed.keys + vector * vector_bytes,
                                int64_t{sizeof(Vector)}, vector_bytes},
                               quads, sums);
    Repeat<R>([&](auto r) ABSL_ATTRIBUTE_ALWAYS_INLINE {
      int32_t* const scores =
          call.scores + r.value * score_stride + vector * S::kLanes;
      Repeat<V>([&](auto v) ABSL_ATTRIBUTE_ALWAYS_INLINE {
        const Vector score = sums.at[r.value][v.value];
        maximum[r.value] = S::Max32(maximum[r.value], score);
        S::Store(scores + v.value * S::kLanes, score);
      });
    });
  });
  Repeat<R>([&](auto r) ABSL_ATTRIBUTE_ALWAYS_INLINE {
    largest[r.value] = S::ReduceMax32(maximum[r.value]);
  });
}

// Turns one row of scores into numerators; returns their sum.
template <typename S, typename Table>
inline int32_t Softmax(const AttendCall& call, const Table& table,
                       const int32_t* scores, int32_t largest,
                       uint8_t* numerators) {
  using Vector = typename S::Vector;
  const UniformRescale<S> rescale(MakeRowRescale(
      call.constants.level_multiplier, call.constants.level_shift));
  const Vector maximum = S::Fill32(largest);
  const Vector last_level = S::Fill32(static_cast<int32_t>(
      static_cast<uint32_t>(call.levels - 1) * 0x01010101));
  Vector denominator = S::Zero();
  for (int j = 0; j < call.tokens; j += 4 * S::kLanes) {
    Vector gap[4];
    for (int v = 0; v < 4; ++v) {
      gap[v] = S::Sub32(maximum, S::Load(scores + j + v * S::kLanes));
    }
    const Vector levels =
        FineToBytes<S>(rescale.Apply(gap[0], gap[1]),
                       rescale.Apply(gap[2], gap[3]), S::Zero());
    const Vector row =
        S::InOrder8(S::Lookup(table, S::MinUnsigned8(levels, last_level)));
    S::Store(numerators + j, row);
    denominator = S::DotBytes(denominator, row, S::Load(call.packed.valid + j));
  }
  return S::ReduceAdd32(denominator);
}

// Writes V vectors of output channels of one row, from channel `c` on.
template <typename S, int V>
inline void StoreMixture(const AttendCall& call, int row, int c,
                         const UniformRescale<S>& mixture_rescale,
                         const typename S::Vector (&sums)[V]) {
  using Vector = typename S::Vector;
  const HeadConstants& head = call.constants;
  Vector all[kPanelVectors] = {S::Zero(), S::Zero(), S::Zero(), S::Zero()};
  for (int v = 0; v < V; ++v) all[v] = sums[v];
  Vector fine[2] = {S::Zero(), S::Zero()};
  for (int pair = 0; pair < (V + 1) / 2; ++pair) {
    const Vector mixture =
        mixture_rescale.Apply(all[2 * pair], all[2 * pair + 1]);
    const int64_t at = c + 2 * pair * S::kLanes;
    const auto shift = [&](Vector v, int64_t channel) {
      v = S::ShiftLeft32(v, S::Load(head.left + channel));
      v = S::Add32(v, S::Load(head.round + channel));
      return S::ShiftRight32(v, S::Load(head.right + channel));
    };
    fine[pair] = S::MultiplyHigh16(
        S::Pack16(shift(S::ExtendLow16(mixture), at),
                  shift(S::ExtendHigh16(mixture), at + S::kLanes)),
        S::Load(head.multiplier + at));
  }
  const Vector bytes =
      S::InOrder8(FineToBytes<S>(fine[0], fine[1], S::Fill16(kCodeOffset)));
  uint8_t* const output = call.output + row * call.output_stride + c;
  const int channels = call.head_width - c;
  if (channels >= 4 * S::kLanes) {
    S::Store(output, bytes);
  } else {
    // The channels that follow are another head's.
    alignas(64) uint8_t buffer[4 * S::kLanes];
    S::Store(buffer, bytes);
    __builtin_memcpy(output, buffer, channels);
  }
}

template <typename S, int R>
inline void Mixtures(const AttendCall& call, int first,
                     const uint8_t* const* numerators,
                     const int32_t (&denominators)[R]) {
  const int key_quads = (call.tokens + kQuad - 1) / kQuad;
  const int vectors = (call.head_width + S::kLanes - 1) / S::kLanes;
  constexpr int64_t kVectorBytes = sizeof(typename S::Vector);
  RowRescale rescale[R];
  for (int r = 0; r < R; ++r) rescale[r] = MixtureRowRescale(denominators[r]);
  for (int vector = 0; vector < vectors; vector += kPanelVectors) {
    const int count =
        vectors - vector < kPanelVectors ? vectors - vector : kPanelVectors;
    WithConstant<kPanelVectors>(count, [&](auto constant) {
      constexpr int V = decltype(constant)::value;
      Sums<S, R, V> sums;
      Repeat<R * V>([&](auto i) ABSL_ATTRIBUTE_ALWAYS_INLINE {
        sums.at[i.value / V][i.value % V] = S::Zero();
      });
      sums = Accumulate<S, R, V>(numerators,
                                 {call.packed.values + vector * kVectorBytes,
                                  vectors * kVectorBytes, kVectorBytes},
                                 key_quads, sums);
      Repeat<R>([&](auto r) ABSL_ATTRIBUTE_ALWAYS_INLINE {
        StoreMixture<S, V>(call, first + r.value, vector * S::kLanes,
                           UniformRescale<S>(rescale[r.value]),
                           sums.at[r.value]);
      });
    });
  }
}

template <typename S, typename Table>
void AttendWithTable(const AttendCall& call, const Table& table) {
  const int64_t score_stride = RoundUpTo(call.tokens, kRowPadding);
  ForEachTile<S::kTileRows>(call.rows, [&](int first, auto constant) {
    constexpr int R = decltype(constant)::value;
    int32_t largest[R];
    Scores<S, R>(call, first, score_stride, largest);
    int32_t denominators[R];
    const uint8_t* numerators[R];
    for (int r = 0; r < R; ++r) {
      uint8_t* const row = call.numerators + r * score_stride;
      denominators[r] = Softmax<S>(call, table, call.scores + r * score_stride,
                                   largest[r], row);
      numerators[r] = row;
    }
    Mixtures<S, R>(call, first, numerators, denominators);
  });
}

template <typename S>
void Attend(const AttendCall& call) {
  if (call.levels == 16) {
    AttendWithTable<S>(call, S::LoadTable16(call.constants.numerators));
  } else {
    AttendWithTable<S>(call, S::LoadTable256(call.constants.numerators));
  }
}

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SIMD_ATTENTION_H_
