#include "tests/kernels/card/xrt_card_fixture.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "kernels/card/emulated_cards.h"

namespace moevit {

XrtCardOptions TestCardOptions(int card) {
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

Addition::Addition(Card* card, size_t unit) : card_(card), unit_(unit) {
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

absl::Status Addition::CopyIn() {
  for (int i = 0; i < 2; ++i) {
    auto copy = card_->CopyToCard(buffer(i), 0, kCount * 4);
    if (!copy.ok()) return copy.status();
    const absl::Status copied = (*copy)->Wait(absl::Now() + kLong);
    if (!copied.ok()) return copied;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<CardOperation>> Addition::Launch() {
  return card_->Launch(unit_, {buffer(0), buffer(1), buffer(2), kCount});
}

absl::Status Addition::CopyOut() {
  auto copy = card_->CopyFromCard(buffer(2), 0, kCount * 4);
  if (!copy.ok()) return copy.status();
  return (*copy)->Wait(absl::Now() + kLong);
}

bool Addition::IsRight() {
  for (int32_t i = 0; i < kCount; ++i) {
    if (Values(2)[i] != 1000 + 2 * i) return false;
  }
  return true;
}

absl::Status Addition::Run(absl::Duration patience) {
  absl::Status done = CopyIn();
  if (!done.ok()) return done;
  auto launch = Launch();
  if (!launch.ok()) return launch.status();
  done = (*launch)->Wait(absl::Now() + patience);
  return done.ok() ? CopyOut() : done;
}

std::vector<std::unique_ptr<Card>> XrtCardTest::cards_;

void XrtCardTest::SetUpTestSuite() {
  static const absl::Status started = StartEmulatedCards(kCards + 1);
  ASSERT_TRUE(started.ok()) << started;
  for (int i = 0; i < kCards; ++i) {
    absl::StatusOr<std::unique_ptr<Card>> card =
        OpenXrtCard(TestCardOptions(i));
    ASSERT_TRUE(card.ok()) << card.status();
    cards_.push_back(*std::move(card));
  }
}

void XrtCardTest::CheckLaunchFault(const std::string& fault,
                                   absl::StatusCode code) {
  Addition failing(cards_[0].get(), kAdd1);
  Inject(absl::StrCat(fault, ":card=0,unit=0"));
  const absl::Status failed = failing.Run(absl::Milliseconds(20));
  EXPECT_EQ(failed.code(), code) << failed;
  EXPECT_TRUE(absl::StrContains(failed.message(), "test_add_1")) << failed;
  EXPECT_TRUE(Works(1, kAdd1)) << "another card";
}

bool XrtCardTest::Works(int card, size_t unit) {
  Addition addition(cards_[card].get(), unit);
  return addition.Run().ok() && addition.IsRight();
}

}  // namespace moevit
