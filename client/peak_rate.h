// The limit that measured runs are compared with.

#ifndef MOEVIT_CLIENT_PEAK_RATE_H_
#define MOEVIT_CLIENT_PEAK_RATE_H_

#include "base/stopwatch.h"
#include "kernels/cpu/isa.h"

namespace moevit {

// 8-bit multiplications per second of `threads` threads side by side, in
// registers only: what the processor could do at this moment. Each thread is
// timed by `source`, kWall or kThreadCpu. Takes about 30 ms.
// REQUIRES: IsaAvailable(isa), threads >= 1.
double MeasurePeakRate(TimeSource source, Isa isa, int threads);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_PEAK_RATE_H_
