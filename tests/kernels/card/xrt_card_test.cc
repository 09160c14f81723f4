// What a card does for its user, through the adapter, stock XRT and the
// emulated card together.

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
#include "absl/time/clock.h"
#include "absl/types/span.h"
#include "tests/kernels/card/xrt_card_fixture.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

TEST_F(XrtCardTest, BuffersBeginWithAPage) {
  for (const size_t bytes : {1, 4095, 4097}) {
    const auto buffer = cards_[0]->Allocate(bytes, 0);
    ASSERT_TRUE(buffer.ok()) << buffer.status();
    const absl::Span<uint8_t> host = (*buffer)->host();
    EXPECT_EQ(host.size(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(host.data()) % 4096, 0);
  }
}

TEST_F(XrtCardTest, GivesMemoryOfABankBack) {
  Card* const card = cards_[0].get();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(card->Allocate(size_t{200} << 20, 1).ok());
  }
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

TEST_F(XrtCardTest, ReadsPowerThatRisesWithWork) {
  XrtCardOptions options = TestCardOptions(kSpareCard);
  options.power_period = absl::Hours(1);  // once, at the start
  auto card = OpenXrtCard(options);
  ASSERT_TRUE(card.ok()) << card.status();
  absl::StatusOr<double> watts = (*card)->PowerWatts();
  while (!watts.ok()) watts = (*card)->PowerWatts();
  EXPECT_GE(*watts, 24.9);
  EXPECT_LT(*watts, 90);
  EXPECT_GT(Counts(kSpareCard).joules, 0);
}

TEST_F(XrtCardTest, ABoardWithoutASensorHasNoPower) {
  Inject("no_sensor:card=3");
  XrtCardOptions options = TestCardOptions(kSpareCard);
  options.power_period = absl::Hours(1);
  auto card = OpenXrtCard(options);
  ASSERT_TRUE(card.ok()) << card.status();
  while (Counts(kSpareCard).faults == 0) {
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
