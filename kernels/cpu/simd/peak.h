// Nothing but dot products in registers: how fast the processor can possibly
// multiply.

#ifndef MOEVIT_KERNELS_CPU_SIMD_PEAK_H_
#define MOEVIT_KERNELS_CPU_SIMD_PEAK_H_

#include <cstdint>

#include "kernels/cpu/packed_matrix.h"

namespace moevit::cpu {

// Returns the number of multiplications done. As many independent sums as a
// product's tile has.
template <typename S>
int64_t PeakLoop(int64_t iterations) {
  constexpr int kSums = S::kTileRows * kPanelVectors;
  constexpr uint8_t kBytes[kQuad] = {1, 2, 3, 4};
  typename S::Vector sums[kSums];
  for (int i = 0; i < kSums; ++i) sums[i] = S::Fill32(i);
  typename S::Quad inputs = S::LoadQuad(kBytes);
  typename S::Vector result = S::Zero();
  for (int64_t i = 0; i < iterations; ++i) {
    S::MakeUnknown(inputs);
    const typename S::Weights weights = S::WeightsFrom(inputs);
    for (int k = 0; k < kSums; ++k) sums[k] = S::Dot(sums[k], inputs, weights);
  }
  for (int k = 0; k < kSums; ++k) result = S::Add32(result, sums[k]);
  typename S::Vector stored;
  S::Store(&stored, result);
  asm volatile("" : : "r"(&stored) : "memory");
  return iterations * kSums * S::kLanes * kQuad;
}

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SIMD_PEAK_H_
