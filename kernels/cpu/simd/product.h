// Matrix products with everything that follows them, while the tile is in
// registers: rescaling, then activation and codes, or the residual.

#ifndef MOEVIT_KERNELS_CPU_SIMD_PRODUCT_H_
#define MOEVIT_KERNELS_CPU_SIMD_PRODUCT_H_

#include <cstdint>

#include "absl/base/attributes.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/simd/tile.h"

namespace moevit::cpu {

// Fine values of a tile of R rows and one panel, in packed order.
template <typename S, int R>
struct FineTile {
  typename S::Vector at[R][2];
};

// The fine values of two vectors of accumulators, in packed order: arith::Apply
// with each channel's constants. `channel`: the first one's.
template <typename S>
inline typename S::Vector FineValues(const PackedMatrix& matrix,
                                     int64_t channel, typename S::Vector a,
                                     typename S::Vector b) {
  const int64_t next = channel + S::kLanes;
  if (matrix.shift_left) {
    a = S::ShiftLeft32(a, S::Load(matrix.left + channel));
    b = S::ShiftLeft32(b, S::Load(matrix.left + next));
  }
  a = S::ShiftRight32(a, S::Load(matrix.right + channel));
  b = S::ShiftRight32(b, S::Load(matrix.right + next));
  return S::MultiplyHigh16(S::Pack16(a, b),
                           S::Load(matrix.multiplier + channel));
}

// A function of its own so that nothing but the tile competes for registers in
// its loop.
template <typename S, int R>
ABSL_ATTRIBUTE_NOINLINE void MultiplyTile(const uint8_t* const* rows,
                                          const PackedMatrix& matrix, int panel,
                                          FineTile<S, R>* fine) {
  constexpr int kWidth = kPanelVectors * S::kLanes;
  constexpr int64_t kStep = int64_t{kWidth} * kQuad;
  const int64_t channel = int64_t{panel} * kWidth;
  Sums<S, R, kPanelVectors> sums;
  Repeat<kPanelVectors>([&](auto v) ABSL_ATTRIBUTE_ALWAYS_INLINE {
    const auto bias = S::Load(matrix.bias + channel + v.value * S::kLanes);
    Repeat<R>([&](auto r) ABSL_ATTRIBUTE_ALWAYS_INLINE {
      sums.at[r.value][v.value] = bias;
    });
  });
  sums = Accumulate<S, R, kPanelVectors>(
      rows,
      {matrix.weights + panel * kStep * matrix.quads, kStep,
       int64_t{sizeof(typename S::Vector)}},
      matrix.quads, sums);
  Repeat<R>([&](auto r) ABSL_ATTRIBUTE_ALWAYS_INLINE {
    const auto& row = sums.at[r.value];
    fine->at[r.value][0] = FineValues<S>(matrix, channel, row[0], row[1]);
    fine->at[r.value][1] =
        FineValues<S>(matrix, channel + 2 * S::kLanes, row[2], row[3]);
  });
}

// Calls store(row, first channel, a, b) for every row and panel of the product,
// with the panel's fine values in packed order.
template <typename S, typename Store>
inline void ForEachProductRow(const ProductCall& call, const Store& store) {
  for (int panel = call.first_panel; panel < call.end_panel; ++panel) {
    const int64_t channel = int64_t{panel} * kPanelVectors * S::kLanes;
    ForEachTile<S::kTileRows>(call.rows, [&](int first, auto constant) {
      constexpr int R = decltype(constant)::value;
      const uint8_t* rows[R];
      for (int r = 0; r < R; ++r) rows[r] = call.input[first + r];
      FineTile<S, R> fine;
      MultiplyTile<S, R>(rows, *call.matrix, panel, &fine);
      for (int r = 0; r < R; ++r) {
        store(first + r, channel, fine.at[r][0], fine.at[r][1]);
      }
    });
  }
}

// arith::Activate on two vectors of fine values.
template <typename S>
class VectorActivation {
 public:
  using Vector = typename S::Vector;

  explicit VectorActivation(const ActivationTable& table)
      : table_(table), entries_(S::LoadTable256(table.delta)) {}

  void Apply(Vector& a, Vector& b) const {
    const Vector delta = S::Lookup(entries_, S::PackBytes(Index(a), Index(b)));
    a = S::Sub16(S::Max16(a, S::Zero()),
                 S::ShiftLeft16(S::ExtendLow8(delta), table_.delta_shift));
    b = S::Sub16(S::Max16(b, S::Zero()),
                 S::ShiftLeft16(S::ExtendHigh8(delta), table_.delta_shift));
  }

 private:
  Vector Index(Vector fine) const {
    return S::MinUnsigned16(
        S::ShiftRightUnsigned16(S::Abs16(fine), table_.index_shift),
        S::Fill16(255));
  }

  const ActivationTable table_;
  const typename S::Table256 entries_;
};

template <typename S>
void CodeProduct(const CodeProductCall& call) {
  using Vector = typename S::Vector;
  const Vector zero_byte =
      S::Fill16(static_cast<int16_t>(call.output_zero + kCodeOffset));
  const auto store = [&](int row, int64_t channel, Vector a, Vector b) {
    S::Store(call.output[row] + channel,
             S::InOrder8(FineToBytes<S>(a, b, zero_byte)));
  };
  if (call.activation.delta == nullptr) {
    ForEachProductRow<S>(call.product, store);
    return;
  }
  const VectorActivation<S> activation(call.activation);
  ForEachProductRow<S>(call.product,
                       [&](int row, int64_t channel, Vector a, Vector b) {
                         activation.Apply(a, b);
                         store(row, channel, a, b);
                       });
}

// arith::RoundingShift of int16 residuals by a constant shift in [0, 15].
template <typename S>
class ResidualShift {
 public:
  explicit ResidualShift(int shift)
      : none_(shift == 0),
        // Multiplication by 2^(15 - shift) and a rounding shift by 15.
        scale_(S::Fill16(
            static_cast<int16_t>(shift == 0 ? 0 : 1 << (15 - shift)))) {}

  typename S::Vector operator()(typename S::Vector residual) const {
    return none_ ? residual : S::MultiplyHigh16(residual, scale_);
  }

 private:
  const bool none_;
  const typename S::Vector scale_;
};

template <typename S>
void WideProduct(const WideProductCall& call) {
  using Vector = typename S::Vector;
  constexpr int kPair = 2 * S::kLanes;
  if (call.residual.data == nullptr) {
    ForEachProductRow<S>(call.product,
                         [&](int row, int64_t channel, Vector a, Vector b) {
                           int16_t* const output = call.output[row] + channel;
                           S::Store(output, S::InOrder16(a));
                           S::Store(output + kPair, S::InOrder16(b));
                         });
    return;
  }
  const ResidualShift<S> shift(call.residual_shift);
  ForEachProductRow<S>(
      call.product, [&](int row, int64_t channel, Vector a, Vector b) {
        const int16_t* const residual = call.residual[row] + channel;
        int16_t* const output = call.output[row] + channel;
        S::Store(output,
                 S::AddSaturating16(S::InOrder16(a), shift(S::Load(residual))));
        S::Store(output + kPair,
                 S::AddSaturating16(S::InOrder16(b),
                                    shift(S::Load(residual + kPair))));
      });
}

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SIMD_PRODUCT_H_
