// Images of other units than those that cards have by default: what the host
// has to know of them, they tell it.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/card/card_units.h"
#include "kernels/card/emulated_cards.h"
#include "kernels/card/xrt_card.h"
#include "kernels/reference/reference_executor.h"
#include "program/random_program.h"
#include "tests/system/card_system.h"

namespace moevit {
namespace {

std::vector<int32_t> Classify(Executor& executor, const Program& program,
                              int images) {
  const std::vector<uint8_t> pixels = RandomPixels(program, images, /*seed=*/3);
  std::vector<int32_t> logits(int64_t{images} * program.classes, -1);
  const absl::Status status =
      executor.Run(images, pixels, absl::MakeSpan(logits), nullptr);
  EXPECT_TRUE(status.ok()) << status;
  return logits;
}

// As large as it must be for matrices that the smaller image splits.
Program WideProgram() {
  return RandomProgram({.image_size = 4,
                        .patch_size = 2,
                        .width = 512,
                        .heads = 8,
                        .depth = 1,
                        .mlp_width = 1100});
}

TEST(CardImageTest, OneOfThePlannersConfigurationGivesTheReferencesBits) {
  ASSERT_TRUE(StartCards().ok());
  const auto card = OpenEmulatedCard(0, {}, MOEVIT_EXAMPLE_IMAGE);
  ASSERT_TRUE(card.ok()) << card.status();
  for (const Program& program : {WideProgram(), RandomProgram({})}) {
    const auto executor = (*card)->NewExecutor(&program, /*max_batch=*/3);
    ASSERT_TRUE(executor.ok()) << executor.status();
    EXPECT_EQ(Classify(**executor, program, 3),
              Classify(*NewReferenceExecutor(&program), program, 3));
  }
}

TEST(CardImageTest, TellsItsUnitsWithoutACard) {
  const auto example = ReadCardImage(MOEVIT_EXAMPLE_IMAGE);
  ASSERT_TRUE(example.ok()) << example.status();
  EXPECT_EQ(Pipelines(CountUnits(*example)), 2);
  EXPECT_EQ(BatchesInFlight(CountUnits(*example)), 6);
  const auto u280 = ReadCardImage(*EmulatedCardImage());
  ASSERT_TRUE(u280.ok()) << u280.status();
  EXPECT_EQ(BatchesInFlight(CountUnits(*u280)), 9);
}

}  // namespace
}  // namespace moevit
