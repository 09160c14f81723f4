#include "bench/rate_counters.h"

#include "base/stopwatch.h"
#include "client/peak_rate.h"

namespace moevit::bench {

void SetRates(benchmark::State& state, Isa isa, int64_t multiplications,
              absl::Duration time) {
  const double peak =
      MeasurePeakRate(TimeSource::kThreadCpu, isa, /*threads=*/1);
  const double rate = static_cast<double>(multiplications) *
                      static_cast<double>(state.iterations()) /
                      absl::ToDoubleSeconds(time);
  state.counters["GMAC/s"] = rate * 1e-9;
  state.counters["of_peak"] = rate / peak;
}

void MeasureProduct(benchmark::State& state, Isa isa, int64_t multiplications,
                    absl::FunctionRef<void()> work) {
  work();  // Pages, caches, and what is generated at the first call.
  const absl::Duration time = TimeOf(TimeSource::kThreadCpu, [&] {
    for (auto iteration : state) {
      static_cast<void>(iteration);
      work();
    }
  });
  SetRates(state, isa, multiplications, time);
}

}  // namespace moevit::bench
