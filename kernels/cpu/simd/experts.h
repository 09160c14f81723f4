// The gate's product with its 16-bit weights, and the weighted sum of expert
// outputs.

#ifndef MOEVIT_KERNELS_CPU_SIMD_EXPERTS_H_
#define MOEVIT_KERNELS_CPU_SIMD_EXPERTS_H_

#include <cstdint>

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/simd/product.h"

namespace moevit::cpu {

// R rows at a time, so that the sums of different rows overlap.
template <typename S, int R>
inline void GateRows(const GateCall& call, int first) {
  using Vector = typename S::Vector;
  const int64_t padded = RoundUp(call.width, kRowPadding);
  for (int r = 0; r < R; ++r) {
    const uint8_t* const row = call.input + (first + r) * call.stride;
    for (int k = 0; k < call.width; ++k) {
      call.wide_row[r * padded + k] = row[k];
    }
  }
  const int pairs = (call.width + 1) / 2;
  const int64_t lanes = int64_t{call.expert_vectors} * S::kLanes;
  for (int v = 0; v < call.expert_vectors; ++v) {
    Vector sums[R];
    for (int r = 0; r < R; ++r) sums[r] = S::Load(call.bias + v * S::kLanes);
    for (int pair = 0; pair < pairs; ++pair) {
      const Vector weights =
          S::Load(call.weights + (pair * lanes + v * S::kLanes) * 2);
      for (int r = 0; r < R; ++r) {
        int32_t inputs;
        __builtin_memcpy(&inputs, call.wide_row + r * padded + 2 * pair,
                         sizeof(inputs));
        sums[r] =
            S::Add32(sums[r], S::MultiplyAdd16(S::Fill32(inputs), weights));
      }
    }
    for (int r = 0; r < R; ++r) {
      S::Store(call.logits + (first + r) * lanes + v * S::kLanes, sums[r]);
    }
  }
}

template <typename S>
void Gate(const GateCall& call) {
  ForEachTile<kMaxTileRows>(call.rows, [&](int first, auto constant) {
    GateRows<S, decltype(constant)::value>(call, first);
  });
}

template <typename S>
void Combine(const CombineCall& call) {
  using Vector = typename S::Vector;
  const ResidualShift<S> shift(call.residual_shift);
  const Vector round = S::Fill32(1 << 14);
  const Vector fifteen = S::Fill32(15);
  for (int row = 0; row < call.rows; ++row) {
    const uint16_t* const weights = call.weights + int64_t{row} * call.top_k;
    const int16_t* const fine =
        call.fine + int64_t{row} * call.top_k * call.stride;
    for (int64_t c = 0; c < call.stride; c += 2 * S::kLanes) {
      Vector low = round;
      Vector high = round;
      for (int slot = 0; slot < call.top_k; ++slot) {
        const int16_t* const x = fine + slot * call.stride + c;
        const Vector weight = S::Fill32(weights[slot]);
        low = S::Add32(low, S::Multiply32(S::Load16As32(x), weight));
        high =
            S::Add32(high, S::Multiply32(S::Load16As32(x + S::kLanes), weight));
      }
      const Vector sum = S::InOrder16(S::Pack16(
          S::ShiftRight32(low, fifteen), S::ShiftRight32(high, fifteen)));
      const int64_t at = row * call.stride + c;
      S::Store(call.output + at,
               S::AddSaturating16(sum, shift(S::Load(call.residual + at))));
    }
  }
}

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SIMD_EXPERTS_H_
