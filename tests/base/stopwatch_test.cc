#include "base/stopwatch.h"

#include <cstdint>
#include <thread>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

void Work(uint32_t iterations) {
  volatile uint32_t sum = 0;
  for (uint32_t i = 0; i < iterations; ++i) sum = sum + i;
}

TEST(StopwatchTest, RunsTheWorkOnce) {
  for (const TimeSource source :
       {TimeSource::kWall, TimeSource::kThreadCpu, TimeSource::kProcessCpu}) {
    int runs = 0;
    EXPECT_GE(TimeOf(source, [&] { ++runs; }), absl::ZeroDuration());
    EXPECT_EQ(runs, 1);
  }
}

TEST(StopwatchTest, OnlyTheProcessClockCountsOtherThreads) {
  absl::Duration of_thread;
  absl::Duration of_process;
  of_process = TimeOf(TimeSource::kProcessCpu, [&] {
    of_thread = TimeOf(TimeSource::kThreadCpu,
                       [] { std::thread([] { Work(1'000'000); }).join(); });
  });
  EXPECT_LT(of_thread, of_process);
}

}  // namespace
}  // namespace moevit
