#include "kernels/card/card_device.h"

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "kernels/reference/reference_executor.h"
#include "program/random_program.h"
#include "tests/kernels/card/unreliable_card.h"

namespace moevit {
namespace {

class CardDeviceTest : public ::testing::Test {
 protected:
  CardDeviceTest()
      : program_(RandomProgram({})),
        pixels_(RandomPixels(program_, 2, 5)),
        expected_(2 * program_.classes) {
    EXPECT_TRUE(NewReferenceExecutor(&program_)
                    ->Run(2, pixels_, absl::MakeSpan(expected_), nullptr)
                    .ok());
  }

  void MakeDevice(CardVerification verification, int canary_period = 256) {
    auto card = std::make_unique<UnreliableCard>();
    card_ = card.get();
    CardDeviceOptions options;
    options.verification = verification;
    options.canary_period = canary_period;
    device_ = std::make_unique<CardDevice>(std::move(card), options);
  }

  std::unique_ptr<Executor> NewExecutor() {
    auto executor = device_->NewExecutor(&program_, /*max_batch=*/2);
    EXPECT_TRUE(executor.ok()) << executor.status();
    return *std::move(executor);
  }

  absl::Status Run(Executor& executor) {
    std::vector<int32_t> logits(expected_.size());
    const absl::Status status =
        executor.Run(2, pixels_, absl::MakeSpan(logits), nullptr);
    if (status.ok()) {
      EXPECT_EQ(logits, expected_);
    }
    return status;
  }

  const Program program_;
  const std::vector<uint8_t> pixels_;
  std::vector<int32_t> expected_;
  UnreliableCard* card_ = nullptr;  // owned by device_
  std::unique_ptr<CardDevice> device_;
};

TEST_F(CardDeviceTest, ExecutorsShareTheCard) {
  MakeDevice(CardVerification::kCanary);
  const auto first = NewExecutor();
  const auto second = NewExecutor();
  EXPECT_TRUE(Run(*first).ok());
  EXPECT_TRUE(Run(*second).ok());
  EXPECT_TRUE(Run(*first).ok());
  EXPECT_EQ(card_->resets(), 0);
}

TEST_F(CardDeviceTest, AProgramIsOnTheCardWhileAnExecutorRunsIt) {
  MakeDevice(CardVerification::kNone);
  auto first = NewExecutor();
  const size_t loaded = card_->buffers();
  auto second = NewExecutor();
  EXPECT_LT(card_->buffers(), 2 * loaded);
  first = nullptr;
  EXPECT_TRUE(Run(*second).ok());
  second = nullptr;
  const size_t before = card_->buffers();
  first = NewExecutor();
  EXPECT_EQ(card_->buffers() - before, loaded);
  EXPECT_TRUE(Run(*first).ok());
}

TEST_F(CardDeviceTest, BringsAFailedCardBackForTheNextBatch) {
  MakeDevice(CardVerification::kNone);
  const auto first = NewExecutor();
  const auto second = NewExecutor();
  ASSERT_TRUE(Run(*first).ok());
  card_->FailAfter(7, absl::DeadlineExceededError("hangs"));
  EXPECT_EQ(Run(*second).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(card_->resets(), 0);
  EXPECT_TRUE(Run(*first).ok());
  EXPECT_EQ(card_->resets(), 1);
  EXPECT_TRUE(Run(*second).ok());
  EXPECT_EQ(card_->resets(), 1);
}

TEST_F(CardDeviceTest, ABatchWaitsForAFailedCardThatOthersStillUse) {
  MakeDevice(CardVerification::kNone);
  const auto using_it = NewExecutor();
  const auto failing = NewExecutor();
  const auto waiting = NewExecutor();
  std::future<absl::Status> waited;
  std::vector<int32_t> logits(expected_.size());
  const absl::Status status = using_it->RunCancellable(
      2, pixels_, absl::MakeSpan(logits), /*load=*/nullptr, [&] {
        if (waited.valid()) return false;
        card_->FailAfter(1, absl::InternalError("reports an error"));
        EXPECT_EQ(Run(*failing).code(), absl::StatusCode::kInternal);
        waited = std::async(std::launch::async, [&] { return Run(*waiting); });
        EXPECT_EQ(waited.wait_for(std::chrono::milliseconds(50)),
                  std::future_status::timeout);
        return false;
      });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(waited.get().ok());
  EXPECT_EQ(card_->resets(), 1);
}

TEST_F(CardDeviceTest, StaysUnavailableUntilAResetWorks) {
  MakeDevice(CardVerification::kNone);
  const auto executor = NewExecutor();
  card_->FailAfter(1, absl::InternalError("reports an error"));
  const absl::Status failed = Run(*executor);
  EXPECT_EQ(failed.code(), absl::StatusCode::kInternal);
  EXPECT_FALSE(IsBatchNotBegun(failed));
  // No code of these may be taken for one of the batch.
  card_->FailResets({absl::NotFoundError("still in reset"),
                     absl::InvalidArgumentError("cannot load the image"),
                     absl::PermissionDeniedError("no access")});
  for (int reset = 0; reset < 3; ++reset) {
    const absl::Status refused = Run(*executor);
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
    EXPECT_TRUE(IsBatchNotBegun(refused));
  }
  EXPECT_TRUE(Run(*executor).ok());
}

TEST_F(CardDeviceTest, ABatchIsNotBegunOnACardThatComesBackBroken) {
  MakeDevice(CardVerification::kCanary);
  const auto executor = NewExecutor();
  const int copies = card_->copies();
  card_->FailAfter(1, absl::InternalError("reports an error"));
  EXPECT_FALSE(IsBatchNotBegun(Run(*executor)));
  // As many copies as at first, and the last of the canary is wrong.
  card_->DamageCopyAfter(copies);
  const absl::Status broken = Run(*executor);
  EXPECT_EQ(broken.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(IsBatchNotBegun(broken));
  EXPECT_TRUE(Run(*executor).ok());
  EXPECT_EQ(card_->resets(), 2);
}

TEST_F(CardDeviceTest, DoesNotBlameTheCardForABadBatch) {
  MakeDevice(CardVerification::kCanary);
  const auto executor = NewExecutor();
  std::vector<int32_t> logits(program_.classes);
  EXPECT_EQ(executor->Run(2, pixels_, absl::MakeSpan(logits), nullptr).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Run(*executor).ok());
  EXPECT_EQ(card_->resets(), 0);
}

TEST_F(CardDeviceTest, CanaryFindsWeightsThatChanged) {
  MakeDevice(CardVerification::kCanary, /*canary_period=*/3);
  const auto executor = NewExecutor();
  EXPECT_TRUE(Run(*executor).ok());
  EXPECT_TRUE(Run(*executor).ok());
  // The patch embedding's, behind four for asking the unit for its sizes.
  card_->DamageBuffer(4);
  EXPECT_EQ(Run(*executor).code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Run(*executor).ok());
}

TEST_F(CardDeviceTest, RunningTwiceFindsWhatWentWrongOnce) {
  MakeDevice(CardVerification::kTwice);
  const auto executor = NewExecutor();
  ASSERT_TRUE(Run(*executor).ok());
  // Copies from the card in a run: one per gate, then the logits.
  card_->DamageCopyAfter(2);
  const absl::Status status = Run(*executor);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(status.message(), "different logits"))
      << status;
  EXPECT_TRUE(Run(*executor).ok());
  EXPECT_EQ(card_->resets(), 1);
}

TEST_F(CardDeviceTest, RefusesAProgramThatTheKernelsCannotRun) {
  MakeDevice(CardVerification::kCanary);
  const Program wide = RandomProgram({.experts = 17, .top_k = 17});
  EXPECT_EQ(device_->NewExecutor(&wide, 1).status().code(),
            absl::StatusCode::kUnimplemented);
  const auto executor = NewExecutor();
  EXPECT_TRUE(Run(*executor).ok());
  EXPECT_EQ(card_->resets(), 0);
}

}  // namespace
}  // namespace moevit
