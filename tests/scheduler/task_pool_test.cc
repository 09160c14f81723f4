#include "scheduler/task_pool.h"

#include <atomic>
#include <future>
#include <latch>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

TEST(TaskPoolTest, RunsTasksOnOtherThreads) {
  TaskPool pool(/*threads=*/2, /*max_waiting=*/10);
  std::promise<std::thread::id> ran_on;
  ASSERT_TRUE(
      pool.Submit([&] { ran_on.set_value(std::this_thread::get_id()); }).ok());
  EXPECT_NE(ran_on.get_future().get(), std::this_thread::get_id());
}

TEST(TaskPoolTest, RefusesWhenFullAndLeavesTheTaskAlone) {
  TaskPool pool(/*threads=*/1, /*max_waiting=*/1);
  std::latch running(1);
  std::latch release(1);
  ASSERT_TRUE(pool.Submit([&] {
                    running.count_down();
                    release.wait();
                  })
                  .ok());
  running.wait();
  ASSERT_TRUE(pool.Submit([] {}).ok());

  bool ran = false;
  TaskPool::Task task = [&] { ran = true; };
  const absl::Status status = pool.Submit(std::move(task));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("limit is 1"));
  ASSERT_TRUE(static_cast<bool>(task));
  std::move(task)();
  EXPECT_TRUE(ran);
  release.count_down();
}

TEST(TaskPoolTest, RunsEverythingItAcceptedBeforeItEnds) {
  std::atomic<int> runs = 0;
  {
    TaskPool pool(/*threads=*/3, /*max_waiting=*/100);
    for (int i = 0; i < 37; ++i) {
      ASSERT_TRUE(pool.Submit([&] { ++runs; }).ok());
    }
  }
  EXPECT_EQ(runs, 37);
}

}  // namespace
}  // namespace moevit
