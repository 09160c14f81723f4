// A process without emulated cards.

#include "kernels/card/emulated_cards.h"

#include <gtest/gtest.h>

namespace moevit {
namespace {

TEST(EmulatedCardsTest, AProcessWithoutTheLibraryHasNone) {
  EXPECT_EQ(EmulatedCardAddress(0).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(StartEmulatedCards(1).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(EmulatedCardsTest, RefusesNumbersOfCardsThatCannotBe) {
  char* argv[] = {nullptr};
  for (int cards : {-1, 0, 17}) {
    EXPECT_EQ(EnsureEmulatedCards(cards, argv).code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace moevit
