// Rates of work that multiplies, beside what the processor could do.

#ifndef MOEVIT_BENCH_RATE_COUNTERS_H_
#define MOEVIT_BENCH_RATE_COUNTERS_H_

#include <benchmark/benchmark.h>

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "kernels/cpu/isa.h"

namespace moevit::bench {

// Sets the counters "GMAC/s" and "of_peak", the part of the 8-bit limit of one
// core, which is measured on the spot. `time` is that of all iterations.
void SetRates(benchmark::State& state, Isa isa, int64_t multiplications,
              absl::Duration time);

// Runs `work`, which does so many multiplications on this thread, once per
// iteration, and sets the counters from the processor time it takes.
void MeasureProduct(benchmark::State& state, Isa isa, int64_t multiplications,
                    absl::FunctionRef<void()> work);

}  // namespace moevit::bench

#endif  // MOEVIT_BENCH_RATE_COUNTERS_H_
