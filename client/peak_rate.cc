#include "client/peak_rate.h"

#include <atomic>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "kernels/cpu/performance.h"

namespace moevit {
namespace {

constexpr int64_t kIterations = 1'000'000;

}  // namespace

double MeasurePeakRate(TimeSource source, Isa isa, int threads) {
  std::vector<double> rates(threads);
  std::atomic<int> ready = 0;
  const auto measure = [&](int thread) {
    ready.fetch_add(1);
    while (ready.load() < threads) std::this_thread::yield();
    int64_t multiplications = 0;
    const absl::Duration time = TimeOf(
        source, [&] { multiplications = RunPeakLoop(isa, kIterations); });
    rates[thread] =
        static_cast<double>(multiplications) / absl::ToDoubleSeconds(time);
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(measure, i);
  measure(0);
  for (std::thread& thread : others) thread.join();
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

}  // namespace moevit
