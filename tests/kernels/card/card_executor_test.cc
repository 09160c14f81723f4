#include "kernels/card/card_executor.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "kernels/card/resident_program.h"
#include "kernels/hls/cards.h"
#include "kernels/reference/reference_executor.h"
#include "program/random_program.h"
#include "tests/kernels/card/small_linear.h"
#include "tests/kernels/card/unreliable_card.h"
#include "tests/kernels/program_shapes.h"

namespace moevit {
namespace {

class CardExecutorTest : public ::testing::TestWithParam<ProgramShape> {
 protected:
  CardExecutorTest() : card_(std::make_unique<UnreliableCard>()) {}

  std::unique_ptr<Executor> LoadAndMake(const Program& program, int max_batch) {
    auto resident = ResidentProgram::Load(&program, card_.get(), {});
    EXPECT_TRUE(resident.ok()) << resident.status();
    auto executor =
        NewCardExecutor(*std::move(resident), {.max_batch = max_batch});
    EXPECT_TRUE(executor.ok()) << executor.status();
    return *std::move(executor);
  }

  absl::Status LoadError(const Program& program) {
    return ResidentProgram::Load(&program, card_.get(), {}).status();
  }

  std::unique_ptr<UnreliableCard> card_;
};

TEST_P(CardExecutorTest, GivesTheReferencesBits) {
  const Program program = RandomProgram(GetParam().options);
  const std::unique_ptr<Executor> executor =
      LoadAndMake(program, /*max_batch=*/3);
  // More than fit at once, fewer after more, and more after fewer.
  for (const int images : {4, 1, 3}) {
    const std::vector<uint8_t> pixels = RandomPixels(program, images, images);
    ExpertLoad load;
    ExpertLoad expected_load;
    const std::vector<int32_t> expected =
        Classify(*NewReferenceExecutor(&program), program, images, pixels,
                 &expected_load);
    EXPECT_EQ(Classify(*executor, program, images, pixels, &load), expected);
    EXPECT_EQ(load.tokens, expected_load.tokens);
  }
}

TEST_P(CardExecutorTest, GivesThemWithWhateverSizesTheKernelHas) {
  card_ = std::make_unique<UnreliableCard>(SmallLinear);
  const Program program = RandomProgram(GetParam().options);
  const std::unique_ptr<Executor> executor =
      LoadAndMake(program, /*max_batch=*/3);
  const std::vector<uint8_t> pixels = RandomPixels(program, 3, 7);
  EXPECT_EQ(Classify(*executor, program, 3, pixels),
            Classify(*NewReferenceExecutor(&program), program, 3, pixels));
}

INSTANTIATE_TEST_SUITE_P(Shapes, CardExecutorTest,
                         ::testing::ValuesIn(ProgramShapes()),
                         [](const auto& info) { return info.param.name; });

using ResidentProgramTest = CardExecutorTest;

TEST_F(ResidentProgramTest, SplitsMatricesThatExceedTheWeightBuffer) {
  card_ = std::make_unique<UnreliableCard>(SmallLinear);
  const Program program = RandomProgram({.width = 96, .mlp_width = 300});
  ASSERT_FALSE(hls::FitsOneItem(hls::TestCard::kLinear, 2, 300));
  const std::unique_ptr<Executor> executor = LoadAndMake(program, 2);
  const std::vector<uint8_t> pixels = RandomPixels(program, 2, 7);
  EXPECT_EQ(Classify(*executor, program, 2, pixels),
            Classify(*NewReferenceExecutor(&program), program, 2, pixels));
}

TEST_F(ResidentProgramTest, RefusesRowsTooWideForTheKernel) {
  card_ = std::make_unique<UnreliableCard>(SmallLinear);
  const absl::Status status = LoadError(RandomProgram({.width = 516}));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(absl::StrContains(status.message(), "516")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "takes 512")) << status;
}

TEST_F(ResidentProgramTest, RefusesAnImageThatDoesNotTellItsSizes) {
  card_ = std::make_unique<UnreliableCard>(
      [](const hls::Word*, const hls::Word*, const hls::Word*, const hls::Word*,
         const hls::Word*, hls::Word*, int32_t) {});
  const absl::Status status = LoadError(RandomProgram({}));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(status.message(), "its sizes")) << status;
}

TEST_F(ResidentProgramTest, DoesNotBelieveSizesThatArriveDamaged) {
  card_->DamageCopyAfter(2);  // the first reads back what was stored
  EXPECT_EQ(LoadError(RandomProgram({})).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(ResidentProgramTest, RefusesMoreChoicesThanTheGateMakes) {
  const absl::Status status =
      LoadError(RandomProgram({.experts = 17, .top_k = 17}));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(absl::StrContains(status.message(), "17")) << status;
}

TEST_F(ResidentProgramTest, FindsWeightsThatChangedOnTheCard) {
  const Program program = RandomProgram({});
  auto resident = ResidentProgram::Load(&program, card_.get(), {});
  ASSERT_TRUE(resident.ok()) << resident.status();
  EXPECT_TRUE((*resident)->Verify().ok());
  card_->DamageBuffer(card_->buffers() - 1);
  const absl::Status status = (*resident)->Verify();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(status.message(), "op head")) << status;
}

TEST_F(CardExecutorTest, StopsBetweenOpsOnceCancelled) {
  const Program program = RandomProgram({});
  const std::unique_ptr<Executor> executor = LoadAndMake(program, 2);
  const std::vector<uint8_t> pixels = RandomPixels(program, 1, 3);
  std::vector<int32_t> logits(program.classes);
  int asked = 0;
  EXPECT_EQ(executor
                ->RunCancellable(1, pixels, absl::MakeSpan(logits), nullptr,
                                 [&asked] { return ++asked == 3; })
                .code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(asked, 3);
}

TEST_F(CardExecutorTest, RefusesPixelsOfAnotherSize) {
  const Program program = RandomProgram({});
  const std::unique_ptr<Executor> executor = LoadAndMake(program, 2);
  std::vector<uint8_t> pixels = RandomPixels(program, 1, 3);
  pixels.pop_back();
  std::vector<int32_t> logits(program.classes);
  EXPECT_EQ(executor->Run(1, pixels, absl::MakeSpan(logits), nullptr).code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace moevit
