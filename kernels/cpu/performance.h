// What a measured run is compared with: how much work a program is, how many
// bytes its weights are, and how fast the processor could do it.

#ifndef MOEVIT_KERNELS_CPU_PERFORMANCE_H_
#define MOEVIT_KERNELS_CPU_PERFORMANCE_H_

#include <cstdint>
#include <vector>

#include "kernels/cpu/isa.h"
#include "program/program.h"

namespace moevit {

// Multiplications of each op for one image, by op index: matrix products and
// attention. An expert op counts the experts a token is sent to only.
std::vector<int64_t> OpMultiplications(const Program& program);

// Weights and constants of the matrix products, gates included.
int64_t WeightBytes(const Program& program);

// Multiplies for as long as `iterations` say, in registers only, on the calling
// thread. Returns the number of 8-bit multiplications, so that the caller can
// divide by the time it took. REQUIRES: IsaAvailable(isa).
int64_t RunPeakLoop(Isa isa, int64_t iterations);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CPU_PERFORMANCE_H_
