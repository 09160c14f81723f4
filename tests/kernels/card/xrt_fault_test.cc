// What becomes of a card that fails.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "kernels/card/card.h"
#include "kernels/card/xrt_card.h"
#include "tests/kernels/card/xrt_card_fixture.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

// Of this process.
int64_t Threads() {
  const std::filesystem::directory_iterator threads("/proc/self/task");
  return std::distance(begin(threads), end(threads));
}

// A reset takes XRT half a second: few tests need one.
TEST_F(XrtCardTest, ALaunchThatHangsIsLateUntilReset) {
  Card* const card = cards_[0].get();
  CheckLaunchFault("hang", absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(Works(0, kAdd2)) << "another unit";
  Addition late(card, kAdd1);
  const absl::Status refused = late.Launch().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("until reset"));

  Inject("hang:card=0,unit=1");
  Addition hanging(card, kAdd2);
  auto launch = hanging.Launch();
  ASSERT_TRUE(launch.ok());
  ASSERT_TRUE(card->Reset().ok());
  EXPECT_EQ((*launch)->Wait(absl::Now() + kLong).code(),
            absl::StatusCode::kAborted);
  EXPECT_EQ(hanging.Launch().status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(card->CopyToCard(hanging.buffer(0), 0, 4).status().code(),
            absl::StatusCode::kFailedPrecondition);
  hanging.Values(0)[0] = 1;  // the host's side stays
  EXPECT_TRUE(Works(0, kAdd1));
  EXPECT_TRUE(Works(0, kAdd2));
}

TEST_F(XrtCardTest, ALaunchThatTheDriverGivesUpTakesTheCardUntilReset) {
  CheckLaunchFault("timeout", absl::StatusCode::kUnavailable);
  Addition other_unit(cards_[0].get(), kAdd2);
  EXPECT_EQ(other_unit.Run().code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(cards_[0]->Reset().ok());
  EXPECT_TRUE(Works(0, kAdd1));
}

// XRT waits for events in a thread of its own unless told otherwise, and when
// starts fail while something ends, it goes on doing so on a card that is
// closed.
TEST_F(XrtCardTest, StartsThatFailWhileALaunchEndsLeaveNothingBehind) {
  Card* const card = cards_[0].get();
  Inject("delay:card=0,unit=1,ms=20");
  Addition slow(card, kAdd2);
  ASSERT_TRUE(slow.CopyIn().ok());
  Addition failing(card, kAdd1);
  ASSERT_TRUE(failing.CopyIn().ok());
  auto launch = slow.Launch();
  ASSERT_TRUE(launch.ok());
  CheckLaunchFault("timeout", absl::StatusCode::kUnavailable);
  while ((*launch)->Wait(absl::Now()).code() ==
         absl::StatusCode::kDeadlineExceeded) {
    EXPECT_EQ(failing.Launch().status().code(), absl::StatusCode::kUnavailable);
  }
  ASSERT_TRUE(card->Reset().ok());
  EXPECT_TRUE(Works(0, kAdd1));
  EXPECT_TRUE(Works(0, kAdd2));
}

// XRT ends none of the threads that it starts for openings of a card.
TEST_F(XrtCardTest, ReturnsOfACardLeaveNoThreads) {
  ASSERT_TRUE(Works(0, kAdd1));
  const int64_t before = Threads();
  Inject("load:card=0");
  EXPECT_FALSE(cards_[0]->Reset().ok());
  ASSERT_TRUE(cards_[0]->Reset().ok());
  EXPECT_TRUE(Works(0, kAdd1));
  // What has been joined may be listed for a moment.
  const absl::Time deadline = absl::Now() + kLong;
  while (Threads() > before) ASSERT_LT(absl::Now(), deadline);
}

TEST_F(XrtCardTest, ACardThatCannotBeOpenedAfterItsResetCanBeLater) {
  Card* const card = cards_[0].get();
  Inject("open:card=0,count=1");
  EXPECT_FALSE(card->Reset().ok());
  EXPECT_EQ(card->Allocate(64, 0).status().code(),
            absl::StatusCode::kUnavailable);
  const absl::Status reset = card->Reset();
  ASSERT_TRUE(reset.ok()) << reset;
  EXPECT_TRUE(Works(0, kAdd1));
}

TEST_F(XrtCardTest, ALaunchThatErrsIsInternal) {
  CheckLaunchFault("error", absl::StatusCode::kInternal);
  EXPECT_TRUE(Works(0, kAdd1));
}

TEST_F(XrtCardTest, ALaunchThatTheCardAbortsIsAborted) {
  CheckLaunchFault("abort", absl::StatusCode::kAborted);
  EXPECT_TRUE(Works(0, kAdd1));
}

TEST_F(XrtCardTest, AFlippedBitShowsOnlyInTheResult) {
  Addition addition(cards_[0].get(), kAdd1);
  Inject("bit_flip:card=0");
  EXPECT_TRUE(addition.Run().ok());
  EXPECT_FALSE(addition.IsRight());
  EXPECT_TRUE(addition.Run().ok() && addition.IsRight());
}

TEST_F(XrtCardTest, ACopyThatFailsIsInternal) {
  Addition addition(cards_[0].get(), kAdd1);
  Inject("copy_error:card=0,direction=from");
  const absl::Status failed = addition.Run();
  EXPECT_EQ(failed.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(failed.message()), HasSubstr("from the card"));
  EXPECT_TRUE(addition.Run().ok() && addition.IsRight());
}

TEST_F(XrtCardTest, ACorruptCopyShowsOnlyInTheResult) {
  Addition addition(cards_[0].get(), kAdd1);
  Inject("copy_corruption:card=0,direction=to");
  EXPECT_TRUE(addition.Run().ok());
  EXPECT_FALSE(addition.IsRight());
}

TEST_F(XrtCardTest, AnAllocationThatFailsIsResourceExhausted) {
  Inject("allocation:card=0");
  EXPECT_EQ(cards_[0]->Allocate(64, 0).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(cards_[0]->Allocate(64, 0).ok());
}

TEST_F(XrtCardTest, ACardThatCannotBeBroughtBackIsUnavailableUntilItCan) {
  Card* const card = cards_[0].get();
  Addition addition(card, kAdd1);
  Inject("offline:card=0");
  EXPECT_EQ(addition.CopyIn().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(addition.Launch().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(card->Reset().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(card->Allocate(64, 0).status().code(),
            absl::StatusCode::kUnavailable);
  MoevitEmulatedCardsClearFaults();
  Inject("load:card=0");
  const absl::Status reset = card->Reset();
  EXPECT_FALSE(reset.ok());
  EXPECT_THAT(std::string(reset.message()), HasSubstr("loading"));
  MoevitEmulatedCardsClearFaults();
  Inject("open:card=0");
  EXPECT_FALSE(card->Reset().ok());
  EXPECT_EQ(card->PowerWatts().status().code(), absl::StatusCode::kUnavailable);
  MoevitEmulatedCardsClearFaults();
  ASSERT_TRUE(card->Reset().ok());
  EXPECT_TRUE(Works(0, kAdd1));
}

// Work that no abort ends: what a real card might still write to has to stay.
class StuckCardTest : public XrtCardTest {
 protected:
  StuckCardTest() {
    options_ = TestCardOptions(kSpareCard);
    options_.patience = absl::Milliseconds(30);
    options_.on_stuck = [this](const std::string& what) {
      told_.push_back(what);
    };
  }

  std::unique_ptr<Card> Open() {
    absl::StatusOr<std::unique_ptr<Card>> card = OpenXrtCard(options_);
    EXPECT_TRUE(card.ok()) << card.status();
    return card.ok() ? *std::move(card) : nullptr;
  }

  // Starts a launch that sticks, and frees the buffers it uses.
  static void Stick(Card* card) {
    Addition addition(card, kAdd1);
    Inject(absl::StrCat("stuck:card=", kSpareCard));
    EXPECT_EQ(addition.Run(absl::Milliseconds(20)).code(),
              absl::StatusCode::kDeadlineExceeded);
  }

  // Has the card end what was stuck.
  template <typename Try>
  static void AwaitEnd(const Try& closes) {
    MoevitEmulatedCardsClearFaults();
    const absl::Time deadline = absl::Now() + kLong;
    while (!closes()) ASSERT_LT(absl::Now(), deadline);
  }

  XrtCardOptions options_;
  std::vector<std::string> told_;
};

TEST_F(StuckCardTest, KeepsWhatTheCardMayWriteToUntilItEnds) {
  const std::unique_ptr<Card> card = Open();
  ASSERT_NE(card, nullptr);
  Stick(card.get());
  for (int reset = 0; reset < 2; ++reset) {
    const absl::Status status = card->Reset();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("neither ends nor can be aborted"));
  }
  EXPECT_EQ(Counts(kSpareCard).buffers, 3);
  EXPECT_EQ(card->Allocate(64, 0).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(told_.size(), 1);

  AwaitEnd([&card] { return card->Reset().ok(); });
  EXPECT_EQ(Counts(kSpareCard).buffers, 0);
  Addition addition(card.get(), kAdd1);
  EXPECT_TRUE(addition.Run().ok() && addition.IsRight());
}

TEST_F(StuckCardTest, KeepsItBeyondTheCardsOwnEnd) {
  std::unique_ptr<Card> card = Open();
  ASSERT_NE(card, nullptr);
  Stick(card.get());
  card = nullptr;
  ASSERT_EQ(told_.size(), 1);
  EXPECT_THAT(told_[0], HasSubstr("emulated:3: work on the card"));
  EXPECT_EQ(Counts(kSpareCard).buffers, 3);
  // No second one can get stuck beside it.
  const absl::Status refused = OpenXrtCard(options_).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("of an earlier use"));

  AwaitEnd([&] {
    return (card = OpenXrtCard(options_).value_or(nullptr)) != nullptr;
  });
  EXPECT_EQ(Counts(kSpareCard).buffers, 0);
}

TEST_F(StuckCardTest, WhatCouldNotBeAbortedOfflineIsAbortedAfterwards) {
  const std::unique_ptr<Card> card = Open();
  ASSERT_NE(card, nullptr);
  Addition addition(card.get(), kAdd1);
  Inject("hang:card=3");
  auto launch = addition.Launch();
  ASSERT_TRUE(launch.ok());
  Inject("offline:card=3");
  EXPECT_EQ(card->Reset().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Counts(kSpareCard).buffers, 3);
  AwaitEnd([&card] { return card->Reset().ok(); });
  EXPECT_EQ((*launch)->Wait(absl::Now()).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Counts(kSpareCard).buffers, 0);
}

}  // namespace
}  // namespace moevit
