// A program that knows nothing of emulated cards when it is linked, and is
// started again with two of them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "kernels/card/emulated_cards.h"
#include "kernels/card/xrt_card.h"

namespace moevit {
namespace {

TEST(EmulatedProcessTest, HasTheCardsThatItAskedFor) {
  EXPECT_TRUE(EmulatedCardAddress(0).ok());
  EXPECT_TRUE(EmulatedCardAddress(1).ok());
  EXPECT_EQ(EmulatedCardAddress(2).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(EmulatedProcessTest, CannotHaveAnotherNumber) {
  char* argv[] = {nullptr};
  EXPECT_TRUE(EnsureEmulatedCards(2, argv).ok());
  EXPECT_EQ(EnsureEmulatedCards(3, argv).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(EmulatedProcessTest, OpensAndUsesACard) {
  XrtCardOptions options;
  options.bus_address = *EmulatedCardAddress(1);
  options.image_path = MOEVIT_TEST_CARD_IMAGE;
  auto card = OpenXrtCard(options);
  ASSERT_TRUE(card.ok()) << card.status();
  EXPECT_TRUE((*card)->emulated());
  auto buffer = (*card)->Allocate(4096, 0);
  ASSERT_TRUE(buffer.ok()) << buffer.status();
  auto copy = (*card)->CopyToCard(buffer->get(), 0, 4096);
  ASSERT_TRUE(copy.ok());
  EXPECT_TRUE((*copy)->Wait(absl::Now() + absl::Seconds(60)).ok());
}

TEST(EmulatedProcessTest, LoadsTheImageOfTheRealKernels) {
  XrtCardOptions options;
  options.bus_address = *EmulatedCardAddress(0);
  const absl::StatusOr<std::string> image = EmulatedCardImage();
  ASSERT_TRUE(image.ok()) << image.status();
  options.image_path = *image;
  auto card = OpenXrtCard(options);
  ASSERT_TRUE(card.ok()) << card.status();
  const std::vector<ComputeUnit>& units = (*card)->compute_units();
  const auto linear = std::find_if(
      units.begin(), units.end(),
      [](const ComputeUnit& unit) { return unit.kernel == "moevit_linear"; });
  ASSERT_NE(linear, units.end());
  EXPECT_EQ(linear->parameters.front().name, "schedule");
  EXPECT_TRUE((*card)->Allocate(4096, linear->parameters[1].bank).ok());
}

}  // namespace
}  // namespace moevit

int main(int argc, char** argv) {
  const absl::Status cards = moevit::EnsureEmulatedCards(2, argv);
  if (!cards.ok()) {
    std::fprintf(stderr, "%s\n", cards.ToString().c_str());
    return 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
