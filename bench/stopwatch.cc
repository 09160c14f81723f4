#include "bench/stopwatch.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

#include "kernels/cpu/performance.h"

namespace moevit {
namespace {

constexpr int64_t kPeakIterations = 1'000'000;

clockid_t IdOf(Clock clock) {
  switch (clock) {
    case Clock::kThreadCpu:
      return CLOCK_THREAD_CPUTIME_ID;
    case Clock::kProcessCpu:
      return CLOCK_PROCESS_CPUTIME_ID;
    case Clock::kWall:
      break;
  }
  return CLOCK_MONOTONIC;
}

absl::Duration Read(Clock clock) {
  timespec time;
  clock_gettime(IdOf(clock), &time);
  return absl::DurationFromTimespec(time);
}

}  // namespace

absl::Duration TimeOf(Clock clock, absl::FunctionRef<void()> work) {
  const absl::Duration start = Read(clock);
  work();
  return Read(clock) - start;
}

double Samples::Best() const {
  return *std::max_element(samples_.begin(), samples_.end());
}

double Samples::Median() const { return Quantile(0.5); }

double Samples::Spread() const {
  return (Quantile(0.75) - Quantile(0.25)) / 2 / Median();
}

double Samples::Quantile(double fraction) const {
  std::vector<double> sorted = samples_;
  std::sort(sorted.begin(), sorted.end());
  return sorted[std::lround(fraction * (sorted.size() - 1))];
}

double MeasurePeak(Clock clock, Isa isa, int threads) {
  std::vector<double> rates(threads);
  std::atomic<int> ready = 0;
  const auto measure = [&](int thread) {
    ready.fetch_add(1);
    while (ready.load() < threads) std::this_thread::yield();
    int64_t multiplications = 0;
    const absl::Duration time = TimeOf(
        clock, [&] { multiplications = RunPeakLoop(isa, kPeakIterations); });
    rates[thread] = multiplications / absl::ToDoubleSeconds(time);
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(measure, i);
  measure(0);
  for (std::thread& thread : others) thread.join();
  double sum = 0;
  for (double rate : rates) sum += rate;
  return sum;
}

}  // namespace moevit
