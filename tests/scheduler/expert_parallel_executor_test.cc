#include "scheduler/expert_parallel_executor.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/reference/reference_executor.h"
#include "program/random_program.h"
#include "tests/kernels/cpu/edited_programs.h"
#include "tests/scheduler/fake_clock.h"
#include "tests/scheduler/fake_expert_device.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;

std::vector<int32_t> Classify(Executor& executor, const Program& program,
                              int images, uint32_t seed,
                              ExpertLoad* load = nullptr) {
  std::vector<int32_t> logits(int64_t{images} * program.classes, -1);
  const absl::Status status =
      executor.Run(images, RandomPixels(program, images, seed),
                   absl::MakeSpan(logits), load);
  EXPECT_TRUE(status.ok()) << status;
  return logits;
}

int64_t ExpertBytes(const Program& program) {
  return NewCpuExpertDevice(&program, {}).value()->ExpertBytes(0);
}

// A model on devices with room for so many experts each.
class Cluster {
 public:
  Cluster(const Program* program, const std::vector<int>& room,
          ExpertParallelOptions options = {},
          const ExpertCosts& device_costs = {}) {
    options.home.threads = 1;
    options.home.max_batch = 4;
    options.runner.plan.min_rows = 3;
    std::vector<ExpertParallelDevice> devices;
    for (size_t d = 0; d < room.size(); ++d) {
      CpuExpertDeviceOptions device;
      device.name = absl::StrCat("device", d);
      device.memory_bytes = room[d] * ExpertBytes(*program);
      controls.push_back(std::make_shared<FakeExpertDeviceControl>());
      devices.push_back(
          {std::make_unique<FakeExpertDevice>(
               NewCpuExpertDevice(program, device).value(), controls.back()),
           /*speed=*/1, device_costs});
    }
    auto made =
        ExpertParallelExecutor::Create(program, std::move(devices), options);
    EXPECT_TRUE(made.ok()) << made.status();
    executor = *std::move(made);
  }

  std::vector<std::shared_ptr<FakeExpertDeviceControl>> controls;
  std::unique_ptr<ExpertParallelExecutor> executor;
};

TEST(ExpertParallelExecutorTest, EqualsTheReferenceForAnyDevicesAndMemory) {
  // Eight experts in each of two layers.
  const Program program = RandomProgram({.depth = 4, .experts = 8});
  const auto reference = NewReferenceExecutor(&program);
  ExpertParallelOptions options;
  options.runner.batches_per_replan = 2;
  for (const std::vector<int>& room :
       std::vector<std::vector<int>>{{},
                                     {0},
                                     {1},
                                     {2},
                                     {16},
                                     {0, 1},
                                     {9, 9},
                                     {16, 16},
                                     {1, 7, 3},
                                     {5, 5, 5, 5}}) {
    Cluster cluster(&program, room, options);
    uint32_t seed = 1;
    for (int images : {1, 3, 9, 2, 1}) {
      EXPECT_EQ(Classify(*cluster.executor, program, images, seed),
                Classify(*reference, program, images, seed))
          << room.size() << " devices";
      ++seed;
    }
  }
}

TEST(ExpertParallelExecutorTest, BadStatesOfTheRouting) {
  std::vector<Program> programs = {
      RandomProgram({.experts = 4, .top_k = 4}),
      RandomProgram({.experts = 1, .top_k = 1}),
      RandomProgram({.experts = 40, .top_k = 1}),  // mostly empty groups
      // One image of one token.
      RandomProgram(
          {.image_size = 3, .patch_size = 3, .prefix_tokens = 0, .width = 6}),
      RandomProgram({.experts = 0}), RandomProgram({.top_k = 1})};
  SendAllToLastExperts(programs.back());
  for (const Program& program : programs) {
    const bool sparse = !FindExpertLayers(program)->empty();
    Cluster cluster(&program,
                    sparse ? std::vector<int>{1, 3} : std::vector<int>{});
    for (int images : {1, 4}) {
      EXPECT_EQ(Classify(*cluster.executor, program, images, 7),
                Classify(*NewReferenceExecutor(&program), program, images, 7));
    }
  }
}

TEST(ExpertParallelExecutorTest, LoadsEachActiveExpertOncePerLayerAndBatch) {
  const Program program = RandomProgram({.depth = 4, .experts = 9});
  Cluster cluster(&program, {2});
  int64_t active = 0;
  for (uint32_t batch = 1; batch <= 5; ++batch) {
    ExpertLoad load;
    Classify(*cluster.executor, program, 3, batch, &load);
    for (const std::vector<int64_t>& layer : load.tokens) {
      active += std::count_if(layer.begin(), layer.end(),
                              [](int64_t tokens) { return tokens > 0; });
    }
  }
  const ExpertRunnerStatistics statistics = cluster.executor->statistics();
  ASSERT_EQ(statistics.devices.size(), 2u);
  const ExpertCacheStatistics& weights = statistics.devices[0].work.weights;
  EXPECT_EQ(weights.hits + weights.misses, active);
  // Two of eighteen stay at most from batch to batch.
  EXPECT_GE(weights.misses, active - 2 * 5);
  EXPECT_EQ(weights.bytes_loaded, weights.misses * ExpertBytes(program));
  EXPECT_EQ(statistics.devices[1].work.rows, 0);
  // Ten tokens of three images choose two experts each, in two layers.
  EXPECT_EQ(statistics.layers, 5 * 2);
  EXPECT_EQ(statistics.rows, 5 * 2 * 3 * 10 * 2);
  EXPECT_EQ(statistics.devices[0].work.rows, statistics.rows);
  // Tiles have three rows here.
  EXPECT_GT(statistics.rows_in_tiles, statistics.rows);
  EXPECT_LE(statistics.rows_in_tiles, statistics.rows + 2 * active);
}

TEST(ExpertParallelExecutorTest, ReportsMissesAndImbalanceOfARun) {
  const Program program = RandomProgram({.depth = 4, .experts = 9});
  Cluster cluster(&program, {2, 2});
  for (uint32_t batch = 1; batch <= 3; ++batch) {
    const ExpertRunnerStatistics before = cluster.executor->statistics();
    ExpertLoad load;
    Classify(*cluster.executor, program, 3, batch, &load);
    const ExpertRunnerStatistics after = cluster.executor->statistics();
    int64_t misses = 0;
    for (size_t d = 0; d < after.devices.size(); ++d) {
      misses += after.devices[d].work.weights.misses -
                before.devices[d].work.weights.misses;
    }
    EXPECT_GT(misses, 0);
    EXPECT_EQ(load.weight_misses, misses);
    ASSERT_EQ(load.devices.size(), 3u);
    EXPECT_EQ(load.devices[0].device, "device0");
    EXPECT_EQ(load.devices[2].device, "home");
    EXPECT_EQ(load.devices[0].misses + load.devices[1].misses, misses);
    EXPECT_EQ(load.devices[0].rows + load.devices[1].rows, load.rows);
    EXPECT_GE(load.devices[0].loads, load.devices[0].misses);
    EXPECT_EQ(load.devices[0].bytes,
              load.devices[0].misses * ExpertBytes(program));
    EXPECT_EQ(load.rows, after.rows - before.rows);
    EXPECT_EQ(load.layers, 2);
    EXPECT_GE(load.imbalance_sum, 2 * 1000);
    EXPECT_NEAR(load.imbalance_sum,
                1000 * (after.imbalance_sum - before.imbalance_sum), 1);
    // Nobody wants to know.
    Classify(*cluster.executor, program, 3, batch);
  }
}

TEST(ExpertParallelExecutorTest, TheNextExpertLoadsBeforeTheCurrentOneRuns) {
  const Program program = RandomProgram({.experts = 3, .top_k = 3});
  Cluster cluster(&program, {2});
  Classify(*cluster.executor, program, 1, 1);
  EXPECT_THAT(cluster.controls[0]->calls,
              ElementsAre("load 0", "load 1", "run 0", "evict 0", "load 2",
                          "run 1", "run 2"));
  cluster.controls[0]->calls.clear();
  Classify(*cluster.executor, program, 1, 1);
  // What is there comes first, together; then the rest.
  EXPECT_EQ(cluster.controls[0]->calls[0], "run 2 1");
}

TEST(ExpertParallelExecutorTest, RoomForOneExpertLoadsOneAtATime) {
  const Program program = RandomProgram({.experts = 3, .top_k = 3});
  Cluster cluster(&program, {1});
  Classify(*cluster.executor, program, 1, 1);
  EXPECT_THAT(cluster.controls[0]->calls,
              ElementsAre("load 0", "run 0", "evict 0", "load 1", "run 1",
                          "evict 1", "load 2", "run 2"));
}

TEST(ExpertParallelExecutorTest, NoImageIsLostWhereverADeviceDies) {
  const Program program = RandomProgram({.depth = 4, .experts = 6});
  const auto reference = NewReferenceExecutor(&program);
  const std::vector<int32_t> expected = Classify(*reference, program, 4, 1);
  // Until the device gets by without failing.
  bool failed = true;
  int call = 0;
  for (; failed; ++call) {
    ASSERT_LT(call, 100);
    Cluster cluster(&program, {2, 3, 3});
    cluster.controls[1]->calls_until_failure = call;
    for (int run = 0; run < 2; ++run) {
      EXPECT_EQ(Classify(*cluster.executor, program, 4, 1), expected)
          << "call " << call;
    }
    const ExpertRunnerStatistics statistics = cluster.executor->statistics();
    failed = statistics.devices[1].lost;
    EXPECT_FALSE(statistics.devices[0].lost);
    EXPECT_EQ(statistics.parts_rerun > 0, failed);
    EXPECT_EQ(cluster.controls[1]->calls_after_failure, failed ? 1 : 0);
    if (!failed) break;
    for (const auto& layer : cluster.executor->placement().replicas) {
      for (const std::vector<int>& devices : layer) {
        EXPECT_THAT(devices, ::testing::Not(::testing::Contains(1)));
      }
    }
  }
  EXPECT_GE(call, 5);
}

TEST(ExpertParallelExecutorTest, WhenAllDevicesDieTheProcessorGoesOn) {
  const Program program = RandomProgram({.depth = 4, .experts = 6});
  const auto reference = NewReferenceExecutor(&program);
  ExpertParallelOptions options;
  options.home_expert_bytes = 0;  // one expert is kept at least
  options.runner.batches_per_replan = 1;
  Cluster cluster(&program, {2, 3}, options);
  cluster.controls[0]->calls_until_failure = 0;
  cluster.controls[1]->calls_until_failure = 5;
  for (uint32_t batch = 1; batch <= 4; ++batch) {
    EXPECT_EQ(Classify(*cluster.executor, program, 3, batch),
              Classify(*reference, program, 3, batch));
  }
  const ExpertRunnerStatistics statistics = cluster.executor->statistics();
  EXPECT_TRUE(statistics.devices[0].lost);
  EXPECT_TRUE(statistics.devices[1].lost);
  EXPECT_EQ(statistics.devices[2].name, "home");
  EXPECT_GT(statistics.devices[2].work.rows, 0);
}

TEST(ExpertParallelExecutorTest, ALostDeviceIsUsedAgainOnceItComesBack) {
  const Program program = RandomProgram({.depth = 4, .experts = 6});
  const std::vector<int32_t> expected =
      Classify(*NewReferenceExecutor(&program), program, 4, 1);
  FakeClock clock;
  ExpertParallelOptions options;
  options.runner.clock = &clock;
  options.runner.threads = false;
  std::vector<std::string> changes;
  options.runner.on_device_change = [&](absl::string_view name,
                                        const absl::Status& status) {
    changes.push_back(absl::StrCat(name, status.ok() ? " serves" : " is lost"));
  };
  Cluster cluster(&program, {2, 3}, options);
  FakeExpertDeviceControl& device = *cluster.controls[1];
  const auto run = [&] {
    EXPECT_EQ(Classify(*cluster.executor, program, 4, 1), expected);
    return cluster.executor->statistics().devices[1];
  };
  device.calls_until_failure = 4;
  ASSERT_TRUE(run().lost);
  device.restores_until_success = 1;
  EXPECT_TRUE(run().lost) << "tried again at once";
  EXPECT_EQ(device.restores_until_success, 1);
  clock.Advance(options.runner.health.first_probe_delay);
  EXPECT_TRUE(run().lost);
  EXPECT_EQ(device.restores_until_success, 0);
  clock.Advance(options.runner.health.first_probe_delay);
  EXPECT_TRUE(run().lost) << "no longer delay after a second failure";
  const int64_t rows = cluster.executor->statistics().devices[1].work.rows;
  device.calls.clear();
  clock.Advance(options.runner.health.first_probe_delay);
  EXPECT_FALSE(run().lost);
  EXPECT_GT(run().work.rows, rows);
  // What was loaded before is not taken to be there.
  EXPECT_EQ(device.calls[0], "restored");
  EXPECT_THAT(device.calls[1], ::testing::StartsWith("load"));
  EXPECT_EQ(run().losses, 1);
  // As often as it was tried.
  EXPECT_THAT(changes, ElementsAre("device1 is lost", "device1 is lost",
                                   "device1 serves"));
}

TEST(ExpertParallelExecutorTest, AllDevicesComeBackWhileTheProcessorServes) {
  const Program program = RandomProgram({.depth = 4, .experts = 6});
  const std::vector<int32_t> expected =
      Classify(*NewReferenceExecutor(&program), program, 4, 1);
  ExpertParallelOptions options;
  options.runner.health.first_probe_delay = absl::ZeroDuration();
  Cluster cluster(&program, {2, 3}, options);
  for (const auto& control : cluster.controls) {
    control->calls_until_failure = 3;
    control->restores_until_success = 2;
  }
  const auto lost = [&] {
    const ExpertRunnerStatistics statistics = cluster.executor->statistics();
    return statistics.devices[0].lost || statistics.devices[1].lost;
  };
  EXPECT_EQ(Classify(*cluster.executor, program, 4, 1), expected);
  EXPECT_TRUE(lost());
  const absl::Time give_up = absl::Now() + absl::Minutes(1);
  while (lost() && absl::Now() < give_up) {
    EXPECT_EQ(Classify(*cluster.executor, program, 4, 1), expected);
  }
  const ExpertRunnerStatistics before = cluster.executor->statistics();
  EXPECT_EQ(Classify(*cluster.executor, program, 4, 1), expected);
  const ExpertRunnerStatistics after = cluster.executor->statistics();
  for (int d : {0, 1}) {
    EXPECT_GT(after.devices[d].work.rows, before.devices[d].work.rows);
  }
}

TEST(ExpertParallelExecutorTest, ADeviceWithoutRoomIsNotLost) {
  const Program program = RandomProgram({});
  Cluster cluster(&program, {5, 5});
  cluster.controls[0]->refuses_loads = true;
  const std::vector<int32_t> expected =
      Classify(*NewReferenceExecutor(&program), program, 2, 1);
  EXPECT_EQ(Classify(*cluster.executor, program, 2, 1), expected);
  ExpertRunnerStatistics statistics = cluster.executor->statistics();
  EXPECT_FALSE(statistics.devices[0].lost);
  EXPECT_EQ(statistics.devices[0].work.rows, 0);
  EXPECT_GT(statistics.devices[2].work.rows, 0);
  cluster.controls[0]->refuses_loads = false;
  EXPECT_EQ(Classify(*cluster.executor, program, 2, 1), expected);
  statistics = cluster.executor->statistics();
  EXPECT_GT(statistics.devices[0].work.rows, 0);
}

TEST(ExpertParallelExecutorTest, ColdGroupsStayAtHome) {
  const Program program = RandomProgram({.experts = 8});
  ExpertParallelOptions options;
  options.runner.home_costs = {.per_row = 2};
  // Loading costs as much as 12 rows at home.
  Cluster cluster(&program, {8}, options, {.load = 24, .per_row = 1});
  EXPECT_EQ(Classify(*cluster.executor, program, 2, 1),
            Classify(*NewReferenceExecutor(&program), program, 2, 1));
  const ExpertRunnerStatistics statistics = cluster.executor->statistics();
  EXPECT_GT(statistics.devices[0].work.rows, 0);
  EXPECT_GT(statistics.devices[1].work.rows, 0);
}

// A clock on which looking takes a millisecond, so that everything takes time.
class TickingClock final : public Clock {
 public:
  absl::Time Now() override { return now_ += absl::Milliseconds(1); }
  void WaitUntil(Mutex*, CondVar*, absl::Time) override {}
  void Advance(absl::Duration duration) { now_ += duration; }

 private:
  absl::Time now_ = FakeClock::kStart;
};

TEST(ExpertParallelExecutorTest, LearnsWhichGroupsAreTooColdToLoad) {
  const Program program = RandomProgram({.depth = 4, .experts = 8});
  const std::vector<int32_t> expected =
      Classify(*NewReferenceExecutor(&program), program, 4, 1);
  int64_t misses[2];
  int64_t home_rows[2];
  for (const bool learns : {false, true}) {
    TickingClock clock;
    ExpertParallelOptions options;
    options.runner.clock = &clock;
    options.runner.threads = false;
    options.runner.learn_costs = learns;
    Cluster cluster(&program, {3, 3}, options);
    for (const auto& control : cluster.controls) {
      control->on_load = [&] { clock.Advance(absl::Seconds(1)); };
    }
    for (int batch = 0; batch < 20; ++batch) {
      EXPECT_EQ(Classify(*cluster.executor, program, 4, 1), expected);
    }
    const ExpertRunnerStatistics statistics = cluster.executor->statistics();
    misses[learns] = statistics.devices[0].work.weights.misses +
                     statistics.devices[1].work.weights.misses;
    home_rows[learns] = statistics.devices[2].work.rows;
    EXPECT_GT(statistics.devices[0].work.rows, 0);
  }
  EXPECT_LT(misses[true], misses[false] / 2);
  EXPECT_EQ(home_rows[false], 0);
  EXPECT_GT(home_rows[true], 0);
}

TEST(ExpertParallelExecutorTest, HotExpertsAreReplicatedOnceMeasured) {
  // Every token goes to the same two of six experts.
  Program program = RandomProgram({.image_size = 24, .experts = 6});
  SendAllToLastExperts(program);
  ExpertParallelOptions options;
  options.runner.batches_per_replan = 2;
  Cluster cluster(&program, {4, 4, 4}, options);
  for (uint32_t batch = 1; batch <= 2; ++batch) {
    Classify(*cluster.executor, program, 4, batch);
  }
  const ExpertRunnerStatistics before = cluster.executor->statistics();
  EXPECT_EQ(before.replans, 1);
  EXPECT_GT(before.replica_moves, 0);
  for (uint32_t batch = 3; batch <= 3; ++batch) {
    EXPECT_EQ(Classify(*cluster.executor, program, 4, batch),
              Classify(*NewReferenceExecutor(&program), program, 4, batch));
  }
  const ExpertRunnerStatistics after = cluster.executor->statistics();
  const double imbalance = (after.imbalance_sum - before.imbalance_sum) /
                           static_cast<double>(after.layers - before.layers);
  EXPECT_LT(imbalance, 1.15);
}

TEST(ExpertParallelExecutorTest, StopsBetweenLayersWhenCancelled) {
  const Program program = RandomProgram({.depth = 4});
  Cluster cluster(&program, {3, 3});
  const std::vector<uint8_t> pixels = RandomPixels(program, 1, 1);
  std::vector<int32_t> logits(program.classes);
  int asked = 0;
  const absl::Status status =
      cluster.executor->RunCancellable(1, pixels, absl::MakeSpan(logits),
                                       nullptr, [&] { return ++asked == 15; });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(Classify(*cluster.executor, program, 1, 1),
            Classify(*NewReferenceExecutor(&program), program, 1, 1));
}

TEST(ExpertParallelExecutorTest, RefusesAProgramWhoseExpertsCannotMove) {
  Program program = RandomProgram({});
  const ExpertLayer layer = FindExpertLayers(program).value()[0];
  Op second = program.ops[layer.linear];
  second.name = "second";
  program.ops.insert(program.ops.end() - 1, second);
  EXPECT_EQ(ExpertParallelExecutor::Create(&program, {}, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace moevit
