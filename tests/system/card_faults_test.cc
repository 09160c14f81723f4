// The whole card path, scheduler to kernels, while the cards fail in every way
// that the emulated card knows. MOEVIT_TEST_IMAGES says how many images each
// test of random faults sends; more images see more faults. --gtest_shuffle
// draws other ones each time.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kernels/card/emulated_cards.h"
#include "kernels/emulation/control.h"
#include "tests/system/card_system.h"

namespace moevit {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr int kDefaultImages = 120;
constexpr int kImagesPerFault = 40;
constexpr int kLinearLaunches = 12;  // of an image, at most

// Bounds for a launch: where nothing hangs, none that a busy machine exceeds;
// where something does, one worth waiting for.
constexpr absl::Duration kGenerousTimeout = absl::Seconds(30);
constexpr absl::Duration kHangTimeout = absl::Seconds(1);

int ImagesToSend() {
  const char* const text = std::getenv("MOEVIT_TEST_IMAGES");
  int images = 0;
  return text != nullptr && absl::SimpleAtoi(text, &images) ? images
                                                            : kDefaultImages;
}

void Inject(const std::string& rules) {
  ASSERT_EQ(MoevitEmulatedCardsInject(rules.c_str()), 0) << rules;
}

MoevitEmulatedCardCounts Counts(int card) {
  MoevitEmulatedCardCounts counts;
  EXPECT_EQ(MoevitEmulatedCardGetCounts(card, &counts), 0);
  return counts;
}

int64_t FaultsFired() {
  int64_t fired = 0;
  for (int card = 0; card < kEmulatedCards; ++card) {
    fired += Counts(card).faults;
  }
  return fired;
}

// Makes a random fault on one of `cards` cards happen soon.
class RandomFaults {
 public:
  explicit RandomFaults(int cards) : cards_(cards) {}

  void Add() {
    // What is not a copy's or a launch's happens when a card is brought back.
    static constexpr const char* kKinds[] = {
        "hang",        "timeout",    "error",          "abort",
        "delay:ms=20", "bit_flip",   "copy_error",     "copy_corruption",
        "allocation",  "load",       "open",           "offline",
        "no_sensor",   "copy_error", "copy_corruption"};
    const std::string kind = kKinds[Draw(std::size(kKinds))];
    Inject(absl::StrCat(kind, kind.find(':') == std::string::npos ? ":" : ",",
                        "card=", Draw(cards_), ",nth=", 1 + Draw(20),
                        ",count=1"));
  }

 private:
  int Draw(size_t choices) { return static_cast<int>(random_() % choices); }

  const int cards_;
  std::minstd_rand random_{static_cast<unsigned>(
      1 + ::testing::UnitTest::GetInstance()->random_seed())};
};

class CardFaultsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const absl::Status started = StartCards();
    ASSERT_TRUE(started.ok()) << started;
  }
  void TearDown() override { MoevitEmulatedCardsClearFaults(); }

  static CardSystemOptions Options(int cards, CardVerification verification) {
    CardSystemOptions options;
    options.cards = cards;
    options.device.verification = verification;
    options.device.timeout = kGenerousTimeout;
    return options;
  }

  static std::unique_ptr<CardSystem> Start(const CardSystemOptions& options) {
    auto system = CardSystem::Start(options);
    EXPECT_TRUE(system.ok()) << system.status();
    return system.ok() ? *std::move(system) : nullptr;
  }
};

class RandomFaultsTest : public CardFaultsTest,
                         public ::testing::WithParamInterface<int> {};

TEST_P(RandomFaultsTest, LoseNoImageAndMakeNoneWrong) {
  CardSystemOptions options = Options(GetParam(), CardVerification::kTwice);
  options.with_cpu = GetParam() == 2;
  options.device.timeout = kHangTimeout;
  const auto system = Start(options);
  ASSERT_NE(system, nullptr);
  const int64_t fired = FaultsFired();
  const absl::Time start = absl::Now();
  RandomFaults faults(options.cards);
  const int images = ImagesToSend();
  const Answers answers = system->Serve(images, [&](int image) {
    if (image % kImagesPerFault == 0) faults.Add();
  });
  EXPECT_EQ(answers.right, images);
  EXPECT_EQ(answers.wrong, 0);
  EXPECT_EQ(answers.failed, 0) << answers.first_error;
  EXPECT_EQ(answers.again, 0);
  // The next test opens cards that work.
  MoevitEmulatedCardsClearFaults();
  EXPECT_TRUE(system->AwaitAllServing());
  std::cout << images << " images, " << FaultsFired() - fired << " faults, "
            << absl::Now() - start << "\n";
  for (const DeviceSnapshot& device : system->devices()) {
    std::cout << device.name << ": " << device.batches << " batches, "
              << device.failures << " failures, " << device.retries
              << " retries, " << device.probes << " probes\n";
  }
}

INSTANTIATE_TEST_SUITE_P(Cards, RandomFaultsTest, ::testing::Values(1, 2, 3));

// How many launches each unit of a card has taken, as the driver tells.
std::vector<int> LaunchesByUnit(int card) {
  std::ifstream file("/sys/bus/pci/devices/" + *EmulatedCardAddress(card) +
                     "/kds_custat_raw");
  std::vector<int> launches;
  for (std::string line; std::getline(file, line);) {
    const std::string count = line.substr(line.rfind(',') + 1);
    EXPECT_TRUE(absl::SimpleAtoi(count, &launches.emplace_back())) << line;
  }
  return launches;
}

TEST_F(CardFaultsTest, WithoutAnyEveryUnitTakesPart) {
  const auto system = Start(Options(1, CardVerification::kNone));
  ASSERT_NE(system, nullptr);
  EXPECT_EQ(system->Serve(40).right, 40);
  // Three linear, three attention, one vector unit.
  EXPECT_THAT(LaunchesByUnit(0), AllOf(SizeIs(7), Each(Gt(0))));
}

TEST_F(CardFaultsTest, AHungCardsWorkIsDoneElsewhere) {
  CardSystemOptions options = Options(1, CardVerification::kNone);
  options.with_cpu = true;
  options.device.timeout = kHangTimeout;
  const auto system = Start(options);
  ASSERT_NE(system, nullptr);
  Inject("hang:card=0");
  const Answers answers = system->Serve(20);
  EXPECT_EQ(answers.right, 20) << answers.first_error;
  EXPECT_TRUE(system->AwaitAllServing());
  EXPECT_EQ(system->devices()[0].failures > 0, Counts(0).faults > 0);
  EXPECT_EQ(system->outages(), 0);
}

TEST_F(CardFaultsTest, ACardThatGoesOfflineServesAgainWhenItIsBack) {
  const auto system = Start(Options(1, CardVerification::kCanary));
  ASSERT_NE(system, nullptr);
  Inject("offline:count=5");
  const Answers answers = system->Serve(8);
  EXPECT_EQ(answers.right, 8) << answers.first_error;
  EXPECT_EQ(system->outages(), 1);
  EXPECT_GE(system->devices()[0].probes, 1);
}

TEST_F(CardFaultsTest, FindsWeightsThatArriveDamaged) {
  Inject("copy_corruption:card=0,direction=to");
  const auto system = CardSystem::Start(Options(1, CardVerification::kCanary));
  ASSERT_FALSE(system.ok());
  EXPECT_EQ(system.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(system.status().message(), HasSubstr("emulated:0"));
}

TEST_F(CardFaultsTest, ACardThatIsAlwaysWrongDoesNotServe) {
  CardSystemOptions options = Options(1, CardVerification::kCanary);
  options.with_cpu = true;
  options.device.canary_period = 1;
  const auto system = Start(options);
  ASSERT_NE(system, nullptr);
  Inject("bit_flip:card=0,kernel=moevit_linear,count=inf");
  const Answers answers = system->Serve(40);
  EXPECT_EQ(answers.right, 40) << answers.first_error;
  EXPECT_EQ(system->outages(), 0);
  EXPECT_EQ(system->devices()[0].batches, 0);
}

TEST_F(CardFaultsTest, RunningTwiceFindsABitThatFlipsOnce) {
  const auto system = Start(Options(1, CardVerification::kTwice));
  ASSERT_NE(system, nullptr);
  for (int nth = 1; nth <= kLinearLaunches; ++nth) {
    Inject(absl::StrCat("bit_flip:kernel=moevit_linear,nth=", nth));
    EXPECT_EQ(system->Serve(1).right, 1) << "after launch " << nth;
  }
  // Most bits are rounded away, those of logits are not.
  EXPECT_GT(system->devices()[0].failures, 0);
}

TEST_F(CardFaultsTest, SaysWhichCardCannotBeOpened) {
  Inject("offline:card=1");
  const auto card = OpenEmulatedCard(1, {});
  ASSERT_FALSE(card.ok());
  EXPECT_EQ(card.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(card.status().message(),
              HasSubstr(*EmulatedCardAddress(1) + ": it is offline"));
}

}  // namespace
}  // namespace moevit
