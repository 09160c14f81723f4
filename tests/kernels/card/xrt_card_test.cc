// The adapter, stock XRT and emulated cards together. One process, three
// cards; what a test does to a card it undoes by Reset.

#include "kernels/card/xrt_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "kernels/card/emulated_cards.h"
#include "kernels/emulation/control.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kCards = 3;
// Nothing takes so long, and nothing waits for it.
constexpr absl::Duration kLong = absl::Seconds(60);

XrtCardOptions Options(int card) {
  XrtCardOptions options;
  options.bus_address = *EmulatedCardAddress(card);
  options.image_path = MOEVIT_TEST_CARD_IMAGE;
  options.name = absl::StrCat("emulated:", card);
  options.power_period = absl::InfiniteDuration();
  return options;
}

void Inject(const std::string& rules) {
  ASSERT_EQ(MoevitEmulatedCardsInject(rules.c_str()), 0) << rules;
}

MoevitEmulatedCardCounts Counts(int card) {
  MoevitEmulatedCardCounts counts;
  EXPECT_EQ(MoevitEmulatedCardGetCounts(card, &counts), 0);
  return counts;
}

// The units of the test image, in its order.
constexpr size_t kAdd1 = 0;
constexpr size_t kAdd2 = 1;
constexpr size_t kScalars = 2;

// The buffers of one unit that adds, and what it has to give.
class Addition {
 public:
  static constexpr int32_t kCount = 1537;

  Addition(Card* card, size_t unit) : card_(card), unit_(unit) {
    const auto& parameters = card->compute_units()[unit].parameters;
    for (int i = 0; i < 3; ++i) {
      auto buffer = card->Allocate(kCount * 4, parameters[i].bank);
      EXPECT_TRUE(buffer.ok()) << buffer.status();
      if (buffer.ok()) buffers_.push_back(*std::move(buffer));
    }
    for (int32_t i = 0; i < kCount; ++i) {
      Values(0)[i] = 3 * i;
      Values(1)[i] = 1000 - i;
    }
  }

  int32_t* Values(int buffer) {
    return reinterpret_cast<int32_t*>(buffers_[buffer]->host().data());
  }
  CardBuffer* buffer(int index) { return buffers_[index].get(); }

  absl::Status CopyIn() {
    for (int i = 0; i < 2; ++i) {
      auto copy = card_->CopyToCard(buffer(i), 0, kCount * 4);
      if (!copy.ok()) return copy.status();
      const absl::Status copied = (*copy)->Wait(absl::Now() + kLong);
      if (!copied.ok()) return copied;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<CardOperation>> Launch() {
    return card_->Launch(unit_, {buffer(0), buffer(1), buffer(2), kCount});
  }

  absl::Status CopyOut() {
    auto copy = card_->CopyFromCard(buffer(2), 0, kCount * 4);
    if (!copy.ok()) return copy.status();
    return (*copy)->Wait(absl::Now() + kLong);
  }

  bool IsRight() {
    for (int32_t i = 0; i < kCount; ++i) {
      if (Values(2)[i] != 1000 + 2 * i) return false;
    }
    return true;
  }

  // Everything, with time to wait for the launch.
  absl::Status Run(absl::Duration patience = kLong) {
    absl::Status done = CopyIn();
    if (!done.ok()) return done;
    auto launch = Launch();
    if (!launch.ok()) return launch.status();
    done = (*launch)->Wait(absl::Now() + patience);
    return done.ok() ? CopyOut() : done;
  }

 private:
  Card* const card_;
  const size_t unit_;
  std::vector<std::unique_ptr<CardBuffer>> buffers_;
};

class XrtCardTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_TRUE(StartEmulatedCards(kCards).ok());
    for (int i = 0; i < kCards; ++i) {
      absl::StatusOr<std::unique_ptr<Card>> card = OpenXrtCard(Options(i));
      ASSERT_TRUE(card.ok()) << card.status();
      cards_.push_back(*std::move(card));
    }
  }
  static void TearDownTestSuite() { cards_.clear(); }

  void TearDown() override { MoevitEmulatedCardsClearFaults(); }

  // A fault of a launch on one unit gives `code`, whatever happens then.
  static void CheckLaunchFault(const std::string& fault,
                               absl::StatusCode code) {
    Addition failing(cards_[0].get(), kAdd1);
    Inject(absl::StrCat(fault, ":card=0,unit=0"));
    const absl::Status failed = failing.Run(absl::Milliseconds(20));
    EXPECT_EQ(failed.code(), code) << failed;
    EXPECT_THAT(std::string(failed.message()), HasSubstr("test_add_1"));
    EXPECT_TRUE(Works(1, kAdd1)) << "another card";
  }

  static bool Works(int card, size_t unit) {
    Addition addition(cards_[card].get(), unit);
    return addition.Run().ok() && addition.IsRight();
  }

  static std::vector<std::unique_ptr<Card>> cards_;
};

std::vector<std::unique_ptr<Card>> XrtCardTest::cards_;

TEST_F(XrtCardTest, DescribesUnitsAsTheImageHasThem) {
  const std::vector<ComputeUnit>& units = cards_[0]->compute_units();
  ASSERT_EQ(units.size(), 3u);
  EXPECT_EQ(units[kAdd2].kernel, "test_add");
  EXPECT_EQ(units[kAdd2].instance, "test_add_2");
  ASSERT_EQ(units[kAdd2].parameters.size(), 4u);
  EXPECT_EQ(units[kAdd2].parameters[1].name, "b");
  EXPECT_TRUE(units[kAdd2].parameters[1].is_pointer);
  EXPECT_EQ(units[kAdd2].parameters[1].bank, 3);
  EXPECT_EQ(units[kAdd2].parameters[3].name, "count");
  EXPECT_FALSE(units[kAdd2].parameters[3].is_pointer);
  EXPECT_EQ(units[kAdd2].parameters[3].bytes, 4u);
}

TEST_F(XrtCardTest, SaysThatItIsEmulated) {
  EXPECT_TRUE(cards_[1]->emulated());
  EXPECT_EQ(cards_[1]->name(), "emulated:1");
}

TEST_F(XrtCardTest, ComputesOnEveryUnitOfEveryCard) {
  for (const auto& card : cards_) {
    for (size_t unit : {kAdd1, kAdd2}) {
      Addition addition(card.get(), unit);
      const absl::Status run = addition.Run();
      ASSERT_TRUE(run.ok()) << run;
      EXPECT_TRUE(addition.IsRight());
    }
  }
}

TEST_F(XrtCardTest, ManyLaunchesAreInFlightAtATime) {
  Card* const card = cards_[0].get();
  std::vector<std::unique_ptr<Addition>> additions;
  std::vector<std::unique_ptr<CardOperation>> launches;
  for (int i = 0; i < 20; ++i) {
    additions.push_back(std::make_unique<Addition>(card, i % 2));
    ASSERT_TRUE(additions.back()->CopyIn().ok());
  }
  for (const auto& addition : additions) {
    auto launch = addition->Launch();
    ASSERT_TRUE(launch.ok()) << launch.status();
    launches.push_back(*std::move(launch));
  }
  for (size_t i = 0; i < launches.size(); ++i) {
    EXPECT_TRUE(launches[i]->Wait(absl::Now() + kLong).ok());
    EXPECT_TRUE(additions[i]->CopyOut().ok() && additions[i]->IsRight());
  }
}

TEST_F(XrtCardTest, TheCardSeesOnlyWhatWasCopied) {
  Addition addition(cards_[0].get(), kAdd1);
  ASSERT_TRUE(addition.Run().ok());
  addition.Values(0)[7] += 5;
  addition.Values(0)[8] += 5;
  auto part = cards_[0]->CopyToCard(addition.buffer(0), 32, 4);
  ASSERT_TRUE(part.ok() && (*part)->Wait(absl::Now() + kLong).ok());
  auto launch = addition.Launch();
  ASSERT_TRUE(launch.ok() && (*launch)->Wait(absl::Now() + kLong).ok());
  ASSERT_TRUE(addition.CopyOut().ok());
  EXPECT_EQ(addition.Values(2)[7], 1014);
  EXPECT_EQ(addition.Values(2)[8], 1016 + 5);
}

TEST_F(XrtCardTest, PassesScalarsOfEveryWidth) {
  Card* const card = cards_[0].get();
  auto seen =
      card->Allocate(32, card->compute_units()[kScalars].parameters[4].bank);
  ASSERT_TRUE(seen.ok()) << seen.status();
  for (int64_t c : {int64_t{1}, std::numeric_limits<int64_t>::min()}) {
    // Twice: the first values must not show in the second registers.
    auto launch =
        card->Launch(kScalars, {int32_t{-7}, uint32_t{0xfffffff0}, c,
                                uint64_t{0x123456789abcdef0}, seen->get()});
    ASSERT_TRUE(launch.ok()) << launch.status();
    ASSERT_TRUE((*launch)->Wait(absl::Now() + kLong).ok());
    auto copy = card->CopyFromCard(seen->get(), 0, 32);
    ASSERT_TRUE(copy.ok() && (*copy)->Wait(absl::Now() + kLong).ok());
    std::vector<int64_t> values(4);
    std::memcpy(values.data(), (*seen)->host().data(), 32);
    EXPECT_THAT(values, ElementsAre(-7, 0xfffffff0, c, 0x123456789abcdef0));
  }
}

TEST_F(XrtCardTest, RefusesArgumentsThatDoNotFit) {
  Card* const card = cards_[0].get();
  Addition one(card, kAdd1);
  Addition two(card, kAdd2);
  const int32_t count = 1;
  const std::pair<std::vector<KernelArgument>, std::string> cases[] = {
      {{one.buffer(0), one.buffer(1), one.buffer(2), int64_t{1}},
       "argument count takes a scalar of 4 bytes, not one of 8"},
      {{one.buffer(0), one.buffer(1), one.buffer(2), one.buffer(2)},
       "argument count takes a scalar of 4 bytes, not a buffer"},
      {{one.buffer(0), count, one.buffer(2), count},
       "argument b takes a buffer, not a scalar"},
      {{one.buffer(0), two.buffer(1), one.buffer(2), count},
       "argument b reaches bank 1, but its buffer is in 3"},
      {{one.buffer(0), one.buffer(1), one.buffer(2)},
       "takes 4 arguments, not 3"},
  };
  for (const auto& [arguments, message] : cases) {
    const auto launch = card->Launch(kAdd1, arguments);
    EXPECT_EQ(launch.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(launch.status().message()), HasSubstr(message));
  }
  EXPECT_EQ(card->Launch(3, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(XrtCardTest, RefusesBuffersThatCannotBe) {
  Card* const card = cards_[0].get();
  const auto code = [card](size_t bytes, int bank) {
    return card->Allocate(bytes, bank).status().code();
  };
  EXPECT_EQ(code(0, 0), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(16, 20), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(16, -1), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(size_t{257} << 20, 0), absl::StatusCode::kResourceExhausted);
  Addition addition(card, kAdd1);
  EXPECT_EQ(card->CopyToCard(addition.buffer(0), 4, Addition::kCount * 4)
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(XrtCardTest, GivesMemoryOfABankBack) {
  Card* const card = cards_[0].get();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(card->Allocate(size_t{200} << 20, 1).ok());
  }
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

TEST_F(XrtCardTest, ALaunchThatErrsIsInternal) {
  CheckLaunchFault("error", absl::StatusCode::kInternal);
  EXPECT_TRUE(Works(0, kAdd1));
}

TEST_F(XrtCardTest, ALaunchThatTheCardAbortsIsAborted) {
  CheckLaunchFault("abort", absl::StatusCode::kAborted);
  EXPECT_TRUE(Works(0, kAdd1));
}

TEST_F(XrtCardTest, ABuffersMemoryOutlivesTheLaunchThatUsesIt) {
  Card* const card = cards_[0].get();
  Inject("delay:card=0,ms=5");
  std::unique_ptr<CardOperation> launch;
  {
    Addition addition(card, kAdd1);
    launch = *addition.Launch();
  }
  EXPECT_TRUE(launch->Wait(absl::Now() + kLong).ok());
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

TEST_F(XrtCardTest, OpensNoCardThatIsNotThere) {
  XrtCardOptions options = Options(0);
  options.bus_address = "0000:0a:00.1";
  const absl::Status missing = OpenXrtCard(options).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound) << missing;
  EXPECT_THAT(std::string(missing.message()), HasSubstr("0000:0a:00.1"));
  options.bus_address = "no address";
  EXPECT_FALSE(OpenXrtCard(options).ok());
}

TEST_F(XrtCardTest, RefusesImagesThatAreMissingOrDamaged) {
  XrtCardOptions options = Options(0);
  options.image_path = "/nonexistent.xclbin";
  EXPECT_EQ(OpenXrtCard(options).status().code(), absl::StatusCode::kNotFound);
  options.image_path = __FILE__;
  EXPECT_FALSE(OpenXrtCard(options).ok());
}

TEST_F(XrtCardTest, RefusesAnImageWithAnotherUuid) {
  XrtCardOptions options = Options(0);
  options.image_uuid = "00000000-0000-0000-0000-000000000000";
  const absl::Status refused = OpenXrtCard(options).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("its UUID is"));
}

TEST_F(XrtCardTest, RefusesAnImageForAnotherShell) {
  XrtCardOptions options = Options(0);
  options.image_path = MOEVIT_OTHER_SHELL_IMAGE;
  const absl::Status refused = OpenXrtCard(options).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("it is for shell"));
}

TEST_F(XrtCardTest, RefusesAnotherImageWhileTheCardIsInUse) {
  XrtCardOptions options = Options(0);
  options.image_path = MOEVIT_OTHER_IMAGE;
  EXPECT_EQ(OpenXrtCard(options).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(XrtCardTest, ReadsPowerThatRisesWithWork) {
  XrtCardOptions options = Options(2);
  options.power_period = absl::Hours(1);  // once, at the start
  auto card = OpenXrtCard(options);
  ASSERT_TRUE(card.ok()) << card.status();
  absl::StatusOr<double> watts = (*card)->PowerWatts();
  while (!watts.ok()) watts = (*card)->PowerWatts();
  EXPECT_GE(*watts, 24.9);
  EXPECT_LT(*watts, 90);
  EXPECT_GT(Counts(2).joules, 0);
}

TEST_F(XrtCardTest, ABoardWithoutASensorHasNoPower) {
  Inject("no_sensor:card=2");
  XrtCardOptions options = Options(2);
  options.power_period = absl::Hours(1);
  auto card = OpenXrtCard(options);
  ASSERT_TRUE(card.ok()) << card.status();
  while (Counts(2).faults == 0) {
  }
  // The sampling thread is on its way through the sensors.
  absl::Status power = (*card)->PowerWatts().status();
  while (absl::StrContains(power.message(), "not been sampled")) {
    power = (*card)->PowerWatts().status();
  }
  EXPECT_EQ(power.code(), absl::StatusCode::kUnavailable) << power;
}

TEST_F(XrtCardTest, CountsWhatTheCardDoes) {
  const MoevitEmulatedCardCounts before = Counts(1);
  Addition addition(cards_[1].get(), kAdd1);
  ASSERT_TRUE(addition.Run().ok());
  const MoevitEmulatedCardCounts after = Counts(1);
  EXPECT_EQ(after.launches - before.launches, 1);
  EXPECT_EQ(after.completed - before.completed, 1);
  EXPECT_EQ(after.failed, before.failed);
  EXPECT_EQ(after.bytes_to_card - before.bytes_to_card,
            2 * Addition::kCount * 4);
  EXPECT_EQ(after.bytes_from_card - before.bytes_from_card,
            Addition::kCount * 4);
}

}  // namespace
}  // namespace moevit
