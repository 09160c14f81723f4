// The heart of every product: a tile of rows times vectors of channels, kept in
// registers while the inputs pass by. S is an instruction set, such as
// simd/portable.h.

#ifndef MOEVIT_KERNELS_CPU_SIMD_TILE_H_
#define MOEVIT_KERNELS_CPU_SIMD_TILE_H_

#include <cstdint>

#include "absl/base/attributes.h"
#include "kernels/cpu/packed_matrix.h"
#include "kernels/cpu/row_constants.h"

namespace moevit::cpu {

template <int N>
struct Constant {
  static constexpr int value = N;
};

// Calls body(Constant<0>()), ..., body(Constant<N - 1>()). Arrays indexed so
// are kept in registers; in plain loops compilers tend to leave them in memory.
template <int N, typename Body>
ABSL_ATTRIBUTE_ALWAYS_INLINE inline void Repeat(const Body& body) {
  if constexpr (N > 0) {
    Repeat<N - 1>(body);
    body(Constant<N - 1>());
  }
}

// Calls body(Constant<count>()). REQUIRES: 1 <= count <= kMax.
template <int kMax, typename Body>
inline void WithConstant(int count, const Body& body) {
  if constexpr (kMax > 1) {
    if (count < kMax) {
      WithConstant<kMax - 1>(count, body);
      return;
    }
  }
  body(Constant<kMax>());
}

// Calls body(first row, Constant<rows of the tile>()) for tiles of nearly equal
// height, none higher than kMaxRows.
template <int kMaxRows, typename Body>
inline void ForEachTile(int rows, const Body& body) {
  const int tiles = (rows + kMaxRows - 1) / kMaxRows;
  int first = 0;
  for (int tile = 0; tile < tiles; ++tile) {
    const int height = (rows - first) / (tiles - tile);
    WithConstant<kMaxRows>(height,
                           [&](auto constant) { body(first, constant); });
    first += height;
  }
}

// Weights as PackMatrix arranges them, or keys and values of attention.
struct WeightTile {
  const int8_t* weights;
  int64_t quad_stride;    // bytes from one quad of inputs to the next
  int64_t vector_stride;  // bytes from one vector of channels to the next
};

// A tile's accumulators.
template <typename S, int R, int V>
struct Sums {
  typename S::Vector at[R][V];
};

// `sums` plus quads of rows[r] times weights of vector v, at [r][v].
//   rows[r]: quads * 4 bytes
template <typename S, int R, int V>
ABSL_ATTRIBUTE_ALWAYS_INLINE inline Sums<S, R, V> Accumulate(
    const uint8_t* const* rows, const WeightTile& tile, int quads,
    Sums<S, R, V> sums) {
  const int8_t* weights = tile.weights;
  const int64_t quad_stride = tile.quad_stride;
  const int64_t vector_stride = tile.vector_stride;
  const uint8_t* row[R];
  Repeat<R>([&](auto r)
                ABSL_ATTRIBUTE_ALWAYS_INLINE { row[r.value] = rows[r.value]; });
  for (int64_t quad = 0; quad < quads; ++quad, weights += quad_stride) {
    // The smaller side stays in registers, the other streams by.
    if constexpr (R < V) {
      typename S::Quad inputs[R];
      Repeat<R>([&](auto r) ABSL_ATTRIBUTE_ALWAYS_INLINE {
        inputs[r.value] = S::LoadQuad(row[r.value] + kQuad * quad);
      });
      Repeat<V>([&](auto v) ABSL_ATTRIBUTE_ALWAYS_INLINE {
        const typename S::Weights vector =
            S::LoadWeights(weights + v.value * vector_stride);
        Repeat<R>([&](auto r) ABSL_ATTRIBUTE_ALWAYS_INLINE {
          auto& sum = sums.at[r.value][v.value];
          sum = S::Dot(sum, inputs[r.value], vector);
        });
      });
    } else {
      typename S::Weights vectors[V];
      Repeat<V>([&](auto v) ABSL_ATTRIBUTE_ALWAYS_INLINE {
        vectors[v.value] = S::LoadWeights(weights + v.value * vector_stride);
      });
      Repeat<R>([&](auto r) ABSL_ATTRIBUTE_ALWAYS_INLINE {
        const typename S::Quad input = S::LoadQuad(row[r.value] + kQuad * quad);
        Repeat<V>([&](auto v) ABSL_ATTRIBUTE_ALWAYS_INLINE {
          auto& sum = sums.at[r.value][v.value];
          sum = S::Dot(sum, input, vectors[v.value]);
        });
      });
    }
  }
  return sums;
}

// A RowRescale in vectors: arith::Apply with the same constants in all lanes.
template <typename S>
struct UniformRescale {
  typename S::Vector left, round, right, multiplier;

  explicit UniformRescale(const RowRescale& row)
      : left(S::Fill32(row.left)),
        round(S::Fill32(row.round)),
        right(S::Fill32(row.right)),
        multiplier(S::Fill16(row.multiplier)) {}

  // Of 32-bit elements, to 16 bits in packed order.
  typename S::Vector Apply(typename S::Vector a, typename S::Vector b) const {
    return S::MultiplyHigh16(S::Pack16(Shift(a), Shift(b)), multiplier);
  }

 private:
  typename S::Vector Shift(typename S::Vector v) const {
    return S::ShiftRight32(S::Add32(S::ShiftLeft32(v, left), round), right);
  }
};

// Two vectors of fine values to codes + 128 around `zero_byte`, zero + 128, in
// packed order: arith::FineToCode. The product by 2^9 is its rounding shift.
template <typename S>
inline typename S::Vector FineToBytes(typename S::Vector a,
                                      typename S::Vector b,
                                      typename S::Vector zero_byte) {
  const typename S::Vector scale = S::Fill16(1 << 9);
  return S::PackBytes(S::Add16(S::MultiplyHigh16(a, scale), zero_byte),
                      S::Add16(S::MultiplyHigh16(b, scale), zero_byte));
}

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SIMD_TILE_H_
