// A model whose experts exceed the memory of its cards several times over, on
// emulated cards through XRT, while these fail.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kernels/card/card_expert_device.h"
#include "kernels/emulation/control.h"
#include "kernels/reference/reference_executor.h"
#include "program/random_program.h"
#include "scheduler/expert_parallel_executor.h"
#include "tests/system/card_system.h"

namespace moevit {
namespace {

constexpr int kCards = 2;
constexpr int kImages = 5;
constexpr int kExperts = 2 * 9;  // in two layers

// Where nothing hangs, no busy machine exceeds it.
constexpr absl::Duration kGenerous = absl::Seconds(30);

class ExpertCardsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const absl::Status started = StartCards();
    ASSERT_TRUE(started.ok()) << started;
  }

  ExpertCardsTest()
      : program_(RandomProgram({.depth = 4, .experts = 9})),
        expected_(Classify(*NewReferenceExecutor(&program_))) {}

  void TearDown() override { MoevitEmulatedCardsClearFaults(); }

  // Both cards together have room for a third of the experts.
  //   timeout  of the cards
  void MakeExecutor(absl::Duration timeout) {
    CardDeviceOptions options;
    options.timeout = timeout;
    std::vector<ExpertParallelDevice> devices;
    for (int number = 0; number < kCards; ++number) {
      auto card = OpenEmulatedCard(number, options);
      ASSERT_TRUE(card.ok()) << card.status();
      cards_.push_back(*std::move(card));
      const auto probe = NewCardExpertDevice(cards_.back().get(), &program_,
                                             {.memory_bytes = 1 << 20});
      ASSERT_TRUE(probe.ok()) << probe.status();
      auto device = NewCardExpertDevice(
          cards_.back().get(), &program_,
          {.memory_bytes = kExperts / 3 / kCards * (*probe)->ExpertBytes(0)});
      ASSERT_TRUE(device.ok()) << device.status();
      devices.emplace_back().device = *std::move(device);
    }
    ExpertParallelOptions parallel;
    parallel.home.threads = 1;
    parallel.runner.batches_per_replan = 2;
    parallel.runner.health.first_probe_delay = absl::Milliseconds(1);
    auto executor =
        ExpertParallelExecutor::Create(&program_, std::move(devices), parallel);
    ASSERT_TRUE(executor.ok()) << executor.status();
    executor_ = *std::move(executor);
  }

  std::vector<int32_t> Classify(Executor& executor) const {
    std::vector<int32_t> logits(int64_t{kImages} * program_.classes);
    const absl::Status status =
        executor.Run(kImages, RandomPixels(program_, kImages, 1),
                     absl::MakeSpan(logits), nullptr);
    EXPECT_TRUE(status.ok()) << status;
    return logits;
  }

  void ExpectRightAnswers(int batches) {
    for (int batch = 0; batch < batches; ++batch) {
      EXPECT_EQ(Classify(*executor_), expected_);
    }
  }

  void ExpectLossAndReturn(const char* fault) {
    const int64_t before = Losses();
    ASSERT_EQ(MoevitEmulatedCardsInject(fault), 0) << fault;
    ExpectRightAnswers(3);
    EXPECT_GT(Losses(), before) << fault;
    AwaitReturn();
  }

  void AwaitReturn() {
    const absl::Time give_up = absl::Now() + absl::Minutes(1);
    while (AnyIsLost() && absl::Now() < give_up) ExpectRightAnswers(1);
    EXPECT_FALSE(AnyIsLost());
  }

  int64_t Losses() const {
    const ExpertRunnerStatistics statistics = executor_->statistics();
    return statistics.devices[0].losses + statistics.devices[1].losses;
  }

  bool AnyIsLost() const {
    const ExpertRunnerStatistics statistics = executor_->statistics();
    return statistics.devices[0].lost || statistics.devices[1].lost;
  }

  const Program program_;
  const std::vector<int32_t> expected_;
  std::vector<std::unique_ptr<CardDevice>> cards_;
  std::unique_ptr<ExpertParallelExecutor> executor_;
};

TEST_F(ExpertCardsTest, AThirdOfTheExpertsGivesTheReferencesBits) {
  ASSERT_NO_FATAL_FAILURE(MakeExecutor(kGenerous));
  ExpectRightAnswers(6);
  const ExpertRunnerStatistics statistics = executor_->statistics();
  for (int card = 0; card < kCards; ++card) {
    const ExpertStationStatistics& work = statistics.devices[card].work;
    EXPECT_GT(work.rows, 0);
    EXPECT_GT(work.weights.hits, 0);
    EXPECT_GT(work.weights.evictions, 0);
    EXPECT_EQ(statistics.devices[card].losses, 0);
  }
  // Nothing is left to the processor.
  EXPECT_EQ(statistics.devices[kCards].work.rows, 0);
}

TEST_F(ExpertCardsTest, NoBatchIsLostWhateverHappensToACard) {
  ASSERT_NO_FATAL_FAILURE(MakeExecutor(kGenerous));
  for (const char* fault :
       {"error:card=1,nth=3", "abort:card=0,nth=2", "copy_error:card=0,nth=9",
        "copy_error:card=1,direction=from,nth=2"}) {
    ExpectLossAndReturn(fault);
  }
}

TEST_F(ExpertCardsTest, NoBatchWaitsForACardThatHangs) {
  ASSERT_NO_FATAL_FAILURE(MakeExecutor(absl::Seconds(1)));
  ExpectLossAndReturn("hang:card=1,nth=4");
}

TEST_F(ExpertCardsTest, BothCardsMayBeGoneForAWhile) {
  ASSERT_NO_FATAL_FAILURE(MakeExecutor(kGenerous));
  ASSERT_EQ(MoevitEmulatedCardsInject("offline"), 0);
  ExpectRightAnswers(3);
  EXPECT_TRUE(executor_->statistics().devices[0].lost);
  EXPECT_TRUE(executor_->statistics().devices[1].lost);
  MoevitEmulatedCardsClearFaults();
  AwaitReturn();
  ExpectRightAnswers(2);
}

}  // namespace
}  // namespace moevit
