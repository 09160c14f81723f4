// Nothing but dot products in registers: how fast the processor can possibly
// multiply.

#ifndef MOEVIT_KERNELS_CPU_SIMD_PEAK_H_
#define MOEVIT_KERNELS_CPU_SIMD_PEAK_H_

#include <cstdint>

#include "absl/base/attributes.h"
#include "kernels/cpu/packed_matrix.h"
#include "kernels/cpu/simd/tile.h"

namespace moevit::cpu {

// Returns the number of multiplications done. As many independent sums as a
// product's tile has.
template <typename S>
int64_t PeakLoop(int64_t iterations) {
  constexpr int kRows = S::kTileRows;
  constexpr int kSums = kRows * kPanelVectors;
  constexpr uint8_t kBytes[kQuad] = {1, 2, 3, 4};
  Sums<S, kRows, kPanelVectors> sums;
  const auto for_each_sum = [&](auto body) ABSL_ATTRIBUTE_ALWAYS_INLINE {
    Repeat<kRows>([&](auto r) ABSL_ATTRIBUTE_ALWAYS_INLINE {
      Repeat<kPanelVectors>([&](auto v) ABSL_ATTRIBUTE_ALWAYS_INLINE {
        body(sums.at[r.value][v.value]);
      });
    });
  };
  using Vector = typename S::Vector;
  // All different, or compilers would compute one for all.
  int32_t next = 0;
  for_each_sum([&](Vector& sum)
                   ABSL_ATTRIBUTE_ALWAYS_INLINE { sum = S::Fill32(next++); });
  typename S::Quad inputs = S::LoadQuad(kBytes);
  for (int64_t i = 0; i < iterations; ++i) {
    for_each_sum([&](Vector& sum) ABSL_ATTRIBUTE_ALWAYS_INLINE {
      // Or compilers would take one product for all sums.
      S::MakeUnknown(inputs);
      sum = S::Dot(sum, inputs, S::WeightsFrom(inputs));
    });
  }
  Vector result = S::Zero();
  for_each_sum([&](Vector& sum) ABSL_ATTRIBUTE_ALWAYS_INLINE {
    result = S::Add32(result, sum);
  });
  Vector stored;
  S::Store(&stored, result);
  asm volatile("" : : "r"(&stored) : "memory");
  return iterations * kSums * S::kLanes * kQuad;
}

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SIMD_PEAK_H_
