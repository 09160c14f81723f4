#include "kernels/cpu/worker_team.h"

#include <sched.h>

#include <atomic>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit::cpu {
namespace {

using ::testing::Each;

TEST(WorkerTeamTest, VisitsEveryIndexOnce) {
  for (const int workers : {1, 2, 5}) {
    WorkerTeam team(workers);
    EXPECT_EQ(team.workers(), workers);
    std::vector<int> visits(1003);  // each index is one worker's alone
    team.Run(visits.size(), [&](int64_t index, int) { ++visits[index]; });
    EXPECT_THAT(visits, Each(1)) << workers << " workers";
  }
}

TEST(WorkerTeamTest, WorkersIndexTheirOwnScratchMemory) {
  WorkerTeam team(3);
  std::vector<int64_t> sums(team.workers());  // not atomic: TSan would tell
  team.Run(1000, [&](int64_t index, int worker) { sums[worker] += index; });
  EXPECT_EQ(std::accumulate(sums.begin(), sums.end(), int64_t{0}), 499500);
}

TEST(WorkerTeamTest, ALoopSeesWhatTheOneBeforeWrote) {
  WorkerTeam team(4);
  std::vector<int64_t> values(97, 1);
  for (int loop = 0; loop < 100; ++loop) {
    std::vector<int64_t> next(values.size());
    team.Run(values.size(), [&](int64_t i, int) {
      next[i] = values[i] + values[(i + 1) % values.size()] % 2;
    });
    values = next;
  }
  // Even numbers stay, so all values grow from 1 to 2 once.
  EXPECT_THAT(values, Each(2));
}

TEST(WorkerTeamTest, DoesNothingForNoIterations) {
  WorkerTeam team(3);
  team.Run(0, [](int64_t, int) { FAIL() << "called"; });
}

TEST(WorkerTeamTest, RunsASingleIterationOnTheCaller) {
  WorkerTeam team(3);
  int calls = 0;
  team.Run(1, [&](int64_t, int worker) {
    EXPECT_EQ(worker, 0);
    ++calls;
  });
  EXPECT_EQ(calls, 1);
}

TEST(WorkerTeamTest, PinnedThreadsStayOnOneProcessor) {
  WorkerTeam team(3, /*pin=*/true);
  std::vector<int> processors(team.workers());
  std::atomic<int> arrived = 0;
  team.Run(team.workers(), [&](int64_t, int worker) {
    // Keeps each worker to one iteration.
    ++arrived;
    while (arrived < team.workers()) std::this_thread::yield();
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) {
      processors[worker] = CPU_COUNT(&allowed);
    }
  });
  EXPECT_EQ(processors[1], 1);
  EXPECT_EQ(processors[2], 1);
  cpu_set_t callers;
  ASSERT_EQ(sched_getaffinity(0, sizeof(callers), &callers), 0);
  EXPECT_EQ(processors[0], CPU_COUNT(&callers));
}

TEST(WorkerTeamTest, StopsWithoutEverHavingRun) { WorkerTeam team(4); }

}  // namespace
}  // namespace moevit::cpu
