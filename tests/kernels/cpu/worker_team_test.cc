#include "kernels/cpu/worker_team.h"

#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_affinity.h"
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

// Of each worker.
std::vector<cpu_set_t> AllowedOfEach(WorkerTeam& team) {
  std::vector<cpu_set_t> allowed(team.workers());
  std::atomic<int> arrived = 0;
  team.Run(team.workers(), [&](int64_t, int worker) {
    // Keeps each worker to one iteration.
    ++arrived;
    while (arrived < team.workers()) std::this_thread::yield();
    EXPECT_EQ(sched_getaffinity(0, sizeof(cpu_set_t), &allowed[worker]), 0);
  });
  return allowed;
}

TEST(WorkerTeamTest, PinnedThreadsStayOnOneProcessor) {
  WorkerTeam team(3, /*pin=*/true);
  cpu_set_t callers;
  ASSERT_EQ(sched_getaffinity(0, sizeof(callers), &callers), 0);
  const std::vector<cpu_set_t> allowed = AllowedOfEach(team);
  EXPECT_EQ(CPU_COUNT(&allowed[0]), CPU_COUNT(&callers));
  EXPECT_EQ(CPU_COUNT(&allowed[1]), 1);
  EXPECT_EQ(CPU_COUNT(&allowed[2]), 1);
}

TEST(WorkerTeamTest, ThreadsStayOffTheCallersProcessor) {
  const std::vector<int> processors = AllowedProcessors();
  if (processors.size() < 2) GTEST_SKIP() << "there is one processor";
  WorkerTeam team(3);
  for (const int callers : {processors[0], processors[1]}) {
    const ScopedAffinity bound({callers});
    const std::vector<cpu_set_t> allowed = AllowedOfEach(team);
    for (const int worker : {1, 2}) {
      EXPECT_FALSE(CPU_ISSET(callers, &allowed[worker]));
      EXPECT_EQ(CPU_COUNT(&allowed[worker]), processors.size() - 1);
    }
  }
}

// Holds the thread that gets the signal until told to let it go.
std::atomic<bool> held = false;
std::atomic<bool> let_go = false;
void Hold(int) {
  held = true;
  const timespec moment{.tv_sec = 0, .tv_nsec = 1'000'000};
  while (!let_go) nanosleep(&moment, nullptr);
}

std::set<pid_t> ThreadsOfThisProcess() {
  std::set<pid_t> threads;
  for (const auto& thread :
       std::filesystem::directory_iterator("/proc/self/task")) {
    threads.insert(std::stoi(thread.path().filename()));
  }
  return threads;
}

TEST(WorkerTeamTest, ALoopWaitsForNoThreadThatDoesNotCome) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "a thread that sleeps gets no signal";
#endif
  held = false;
  let_go = false;
  const std::set<pid_t> others = ThreadsOfThisProcess();
  WorkerTeam team(2);
  signal(SIGUSR1, Hold);
  for (const pid_t thread : ThreadsOfThisProcess()) {
    if (others.count(thread) == 0) tgkill(getpid(), thread, SIGUSR1);
  }
  while (!held) std::this_thread::yield();
  std::vector<int> worker_of(7, -1);
  // Ends although the other thread is held.
  team.Run(worker_of.size(),
           [&](int64_t index, int worker) { worker_of[index] = worker; });
  EXPECT_THAT(worker_of, Each(0));
  let_go = true;
  signal(SIGUSR1, SIG_DFL);
}

TEST(WorkerTeamTest, ALoopEndsWhenTheLastIterationDoes) {
  WorkerTeam team(2);
  std::atomic<bool> begun = false;
  bool done = false;
  team.Run(2, [&](int64_t, int worker) {
    if (worker == 0) {
      // So that the other thread has the other iteration.
      while (!begun) std::this_thread::yield();
    } else {
      begun = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      done = true;
    }
  });
  EXPECT_TRUE(done);
}

TEST(WorkerTeamTest, StopsWithoutEverHavingRun) { WorkerTeam team(4); }

}  // namespace
}  // namespace moevit::cpu
