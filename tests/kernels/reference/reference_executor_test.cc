#include "kernels/reference/reference_executor.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "program/random_program.h"
#include "program/verify.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;

std::vector<int32_t> Classify(const Program& program, int images,
                              const std::vector<uint8_t>& pixels,
                              ExpertLoad* load = nullptr) {
  std::vector<int32_t> logits(images * program.classes);
  const absl::Status status = NewReferenceExecutor(&program)->Run(
      images, pixels, absl::MakeSpan(logits), load);
  EXPECT_TRUE(status.ok()) << status;
  return logits;
}

// A program small enough to follow by hand: one pixel per patch, two patches
// in a row are not possible, so 2 x 2 patches, no block, mean pooling.
Program TinyProgram() {
  Program program;
  program.image_size = 2;
  program.channels = 1;
  program.classes = 2;
  program.values = {{"tokens", ElementType::kInt16, 4, 1},
                    {"pooled", ElementType::kInt16, 1, 1},
                    {"norm", ElementType::kCode, 1, 1}};
  PatchEmbedOp embed{.output = 0,
                     .patch_size = 1,
                     .matrix = {},
                     .prefix = {},
                     .positions = {0, 10, 20, 30}};
  // Twice the input code: 2 * 2^1 * 2^14 * 2^-15.
  embed.matrix = {.in = 1,
                  .out = 1,
                  .weight = {2},
                  .bias = {0},
                  .multiplier = {1 << 14},
                  .shift = {-1}};
  program.ops.push_back({"patch_embed", embed});
  program.ops.push_back({"pool", PoolOp{.input = 0,
                                        .output = 1,
                                        .first_row = 0,
                                        .groups = 1,
                                        .rows_per_group = 4,
                                        .multiplier = 1 << 14,
                                        .shift = 1}});
  // A row of one element is all mean: the result is beta.
  program.ops.push_back({"norm", LayerNormOp{.input = 1,
                                             .output = 2,
                                             .epsilon = 1,
                                             .gamma = {1000},
                                             .beta = {5 << 10},
                                             .shift = 10}});
  Matrix head = {.in = 1,
                 .out = 2,
                 .weight = {3, -4},
                 .bias = {100, 7},
                 .multiplier = {1 << 14, 1 << 14},
                 .shift = {-1, -1}};
  program.ops.push_back({"head", HeadOp{.input = 2, .matrices = {head}}});
  return program;
}

TEST(ReferenceExecutorTest, ComputesATinyProgramAsByHand) {
  const Program program = TinyProgram();
  ASSERT_TRUE(VerifyProgram(program).ok()) << VerifyProgram(program);
  EXPECT_THAT(Classify(program, 1, {128, 0, 255, 130}),
              ElementsAre(5 * 3 + 100, 5 * -4 + 7));
}

TEST(ReferenceExecutorTest, AnswersDoNotDependOnTheBatch) {
  for (uint32_t seed = 0; seed < 4; ++seed) {
    const Program program = RandomProgram({.seed = seed});
    constexpr int kImages = 5;
    const std::vector<uint8_t> pixels = RandomPixels(program, kImages, seed);
    const std::vector<int32_t> together = Classify(program, kImages, pixels);
    for (int i = 0; i < kImages; ++i) {
      const auto first = pixels.begin() + i * program.image_bytes();
      const std::vector<int32_t> alone =
          Classify(program, 1, {first, first + program.image_bytes()});
      EXPECT_TRUE(std::equal(alone.begin(), alone.end(),
                             together.begin() + i * program.classes));
    }
  }
}

TEST(ReferenceExecutorTest, DifferentImagesGetDifferentAnswers) {
  const Program program = RandomProgram({});
  EXPECT_NE(Classify(program, 1, RandomPixels(program, 1, 1)),
            Classify(program, 1, RandomPixels(program, 1, 2)));
}

TEST(ReferenceExecutorTest, RunsEveryShapeOfProgram) {
  for (const RandomProgramOptions& options :
       {RandomProgramOptions{.experts = 0}, RandomProgramOptions{.top_k = 5},
        RandomProgramOptions{.experts = 1, .top_k = 1},
        RandomProgramOptions{.softmax_before_top_k = true},
        RandomProgramOptions{.prefix_tokens = 0, .pool_mean = true},
        RandomProgramOptions{.prefix_tokens = 2, .head_rows = 2},
        RandomProgramOptions{.attention_levels = 256},
        RandomProgramOptions{.image_size = 5,
        .patch_size = 1,
        .channels = 1,
        .width = 7,
        .heads = 7,
        .depth = 3}}) {
    const Program program = RandomProgram(options);
    ASSERT_TRUE(VerifyProgram(program).ok()) << VerifyProgram(program);
    const std::vector<int32_t> logits =
        Classify(program, 2, RandomPixels(program, 2, 3));
    EXPECT_NE(*std::min_element(logits.begin(), logits.end()),
              *std::max_element(logits.begin(), logits.end()));
  }
}

TEST(ReferenceExecutorTest, CountsTheTokensOfEveryExpert) {
  const Program program = RandomProgram({.depth = 4});
  ExpertLoad load;
  Classify(program, 3, RandomPixels(program, 3, 1), &load);
  Classify(program, 1, RandomPixels(program, 1, 2), &load);
  // 10 tokens an image, each to two of five experts, in two sparse layers.
  ASSERT_EQ(load.tokens.size(), 2u);
  for (const std::vector<int64_t>& layer : load.tokens) {
    ASSERT_EQ(layer.size(), 5u);
    EXPECT_EQ(std::accumulate(layer.begin(), layer.end(), int64_t{0}),
              4 * 10 * 2);
  }
}

TEST(ReferenceExecutorTest, AnEmptyBatchIsNoError) {
  const Program program = RandomProgram({});
  EXPECT_TRUE(Classify(program, 0, {}).empty());
}

TEST(ReferenceExecutorTest, RefusesSpansThatDoNotFitTheBatch) {
  const Program program = RandomProgram({});
  const std::unique_ptr<Executor> executor = NewReferenceExecutor(&program);
  std::vector<uint8_t> pixels(program.image_bytes());
  std::vector<int32_t> logits(program.classes);
  auto code = [&](int images, size_t pixel_bytes, size_t logit_count) {
    return executor
        ->Run(images, absl::MakeSpan(pixels).first(pixel_bytes),
              absl::MakeSpan(logits).first(logit_count), nullptr)
        .code();
  };
  EXPECT_EQ(code(1, pixels.size() - 1, logits.size()),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(1, pixels.size(), logits.size() - 1),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(2, pixels.size(), logits.size()),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(-1, pixels.size(), logits.size()),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(1, pixels.size(), logits.size()), absl::StatusCode::kOk);
}

}  // namespace
}  // namespace moevit
