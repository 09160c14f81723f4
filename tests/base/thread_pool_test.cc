#include "base/thread_pool.h"

#include <atomic>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::Each;

TEST(ThreadPoolTest, VisitsEveryIndexOnce) {
  for (const int workers : {1, 2, 5}) {
    ThreadPool pool(workers);
    std::vector<int> visits(1003);  // each index is one worker's alone
    pool.ParallelFor(visits.size(),
                     [&](int64_t index, int) { ++visits[index]; });
    EXPECT_THAT(visits, Each(1)) << workers << " workers";
  }
}

TEST(ThreadPoolTest, WorkersIndexTheirOwnScratchMemory) {
  ThreadPool pool(3);
  std::vector<int64_t> sums(pool.workers());  // not atomic: TSan would tell
  pool.ParallelFor(1000,
                   [&](int64_t index, int worker) { sums[worker] += index; });
  EXPECT_EQ(std::accumulate(sums.begin(), sums.end(), int64_t{0}), 499500);
}

TEST(ThreadPoolTest, DoesNothingForNoIterations) {
  ThreadPool pool(3);
  pool.ParallelFor(0, [](int64_t, int) { FAIL() << "called"; });
}

TEST(ThreadPoolTest, RunsManyLoopsOneAfterTheOther) {
  ThreadPool pool(4);
  int64_t total = 0;
  for (int loop = 0; loop < 200; ++loop) {
    std::atomic<int64_t> sum = 0;
    pool.ParallelFor(7, [&](int64_t index, int) { sum += index; });
    total += sum;
  }
  EXPECT_EQ(total, 200 * 21);
}

TEST(ThreadPoolTest, LoopsOfSeveralCallersDoNotMix) {
  ThreadPool pool(3);
  std::vector<int64_t> scratch(pool.workers());
  const auto add_all = [&] {
    for (int loop = 0; loop < 50; ++loop) {
      pool.ParallelFor(10, [&](int64_t, int worker) { ++scratch[worker]; });
    }
  };
  std::thread other(add_all);
  add_all();
  other.join();
  EXPECT_EQ(std::accumulate(scratch.begin(), scratch.end(), int64_t{0}), 1000);
}

TEST(ThreadPoolTest, StopsWithoutEverHavingWorked) { ThreadPool pool(8); }

TEST(ThreadPoolTest, HasAtLeastOneWorkerByDefault) {
  EXPECT_GE(ThreadPool().workers(), 1);
}

}  // namespace
}  // namespace moevit
