#include "quantize/float_ops.h"

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/checkpoint.h"
#include "model/config.h"
#include "quantize/tensor.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::FloatNear;
using ::testing::Pointwise;

Tensor MakeTensor(int rows, int channels, std::vector<float> values) {
  Tensor tensor(rows, channels);
  tensor.values = std::move(values);
  return tensor;
}

ModelConfig TwoByTwoPatches() {
  ModelConfig config;
  config.image_size = 4;
  config.patch_size = 2;
  config.width = 2;
  for (int c = 0; c < 3; ++c) {
    config.preprocessing.mean[c] = 0.0;
    config.preprocessing.std[c] = 1.0 / 255;
  }
  return config;
}

TEST(NormalizedPatchesTest, OrdersChannelRowColumnInsideAPatch) {
  std::vector<uint8_t> pixels(4 * 4 * 3);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = i;
  const Tensor patches = NormalizedPatches(TwoByTwoPatches(), pixels);
  ASSERT_EQ(patches.rows, 4);
  ASSERT_EQ(patches.channels, 12);
  // The upper right patch holds columns 2 and 3 of rows 0 and 1.
  EXPECT_THAT(patches.row(1),
              Pointwise(FloatNear(1e-4f),
                        {6, 9, 18, 21, 7, 10, 19, 22, 8, 11, 20, 23}));
}

TEST(NormalizedPatchesTest, NormalizesEachChannelByItsOwnMeanAndStd) {
  ModelConfig config = TwoByTwoPatches();
  config.image_size = 2;
  for (int c = 0; c < 3; ++c) {
    config.preprocessing.mean[c] = 0.1 * c;
    config.preprocessing.std[c] = 0.5 + c;
  }
  const std::vector<uint8_t> pixels(2 * 2 * 3, 51);  // 0.2
  const Tensor patches = NormalizedPatches(config, pixels);
  EXPECT_THAT(patches.row(0)[0], FloatNear(0.4f, 1e-6f));
  EXPECT_THAT(patches.row(0)[4], FloatNear(0.1f / 1.5f, 1e-6f));
  EXPECT_THAT(patches.row(0)[8], FloatNear(0.0f, 1e-6f));
}

TEST(PatchEmbedTest, PutsPrefixTokensFirstAndAddsPositions) {
  Checkpoint checkpoint;
  checkpoint.config = TwoByTwoPatches();
  checkpoint.config.image_size = 2;
  checkpoint.patch_embed = {1, 2, {2, 3}, {10, 20}};
  checkpoint.prefix_tokens = {5, 6};
  checkpoint.positions = {100, 200, 300, 400};
  const Tensor tokens = PatchEmbed(checkpoint, MakeTensor(1, 1, {7}));
  EXPECT_EQ(tokens.rows, 2);
  EXPECT_THAT(tokens.values, ElementsAre(105, 206, 324, 441));
}

TEST(LayerNormTest, GivesScaledAndShiftedUnitVariance) {
  const Tensor output = LayerNorm({{1, 2, 3}, {0, 10, 0}}, /*epsilon=*/0.0,
                                  MakeTensor(2, 3, {-1, 0, 1, 4, 7, 10}));
  const float unit = std::sqrt(1.5f);
  EXPECT_THAT(output.values, Pointwise(FloatEq(), {-unit, 10.0f, 3 * unit,
                                                   -unit, 10.0f, 3 * unit}));
}

TEST(LayerNormTest, KeepsPrecisionWithALargeCommonOffset) {
  const Tensor output = LayerNorm({{1, 1, 1}, {0, 0, 0}}, /*epsilon=*/0.0,
                                  MakeTensor(1, 3, {9999, 10000, 10001}));
  const float unit = std::sqrt(1.5f);
  EXPECT_THAT(output.values, Pointwise(FloatEq(), {-unit, 0.0f, unit}));
}

TEST(LayerNormTest, OfAConstantRowIsTheShift) {
  const Tensor output =
      LayerNorm({{1, 1}, {3, 4}}, /*epsilon=*/1e-6, MakeTensor(1, 2, {5, 5}));
  EXPECT_THAT(output.values, ElementsAre(3, 4));
}

TEST(LinearTest, MultipliesByTheTransposedWeightAndAddsTheBias) {
  const Tensor output = Linear({3, 2, {1, 2, 3, 4, 5, 6}, {100, 200}},
                               MakeTensor(2, 3, {1, 0, -1, 2, 2, 2}));
  EXPECT_THAT(output.values, ElementsAre(98, 198, 112, 230));
}

TEST(LinearTest, AcceptsNoRows) {
  const Tensor output = Linear({1, 2, {1, 2}, {0, 0}}, Tensor(0, 1));
  EXPECT_EQ(output.rows, 0);
  EXPECT_EQ(output.channels, 2);
}

// Two tokens, two heads of width 1: q = (1, 2), (3, 4); k = (5, 6), (7, 8);
// v = (9, 10), (11, 12).
Tensor TwoTokens() {
  return MakeTensor(2, 6, {1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12});
}

TEST(AttentionScoresTest, MultiplyQueriesWithKeysPerHead) {
  const Tensor scores = AttentionScores(TwoTokens(), /*heads=*/2);
  EXPECT_EQ(scores.rows, 4);
  EXPECT_THAT(scores.values, ElementsAre(5, 7, 15, 21, 12, 16, 24, 32));
}

TEST(AttentionScoresTest, DivideByTheRootOfTheHeadWidth) {
  const Tensor scores = AttentionScores(TwoTokens(), /*heads=*/1);
  const float root = std::sqrt(2.0f);
  EXPECT_THAT(scores.values, Pointwise(FloatEq(), {17 / root, 23 / root,
                                                   39 / root, 53 / root}));
}

TEST(SoftmaxRowsTest, SumsToOneInEachRow) {
  Tensor rows = MakeTensor(2, 2, {0, std::log(3.0f), 5, 5});
  SoftmaxRows(rows);
  EXPECT_THAT(rows.values, Pointwise(FloatEq(), {0.25f, 0.75f, 0.5f, 0.5f}));
}

TEST(SoftmaxRowsTest, SurvivesLogitsFarBeyondTheRangeOfExp) {
  Tensor rows = MakeTensor(1, 3, {-1e30f, 1000, 1000});
  SoftmaxRows(rows);
  EXPECT_THAT(rows.values, ElementsAre(0, 0.5f, 0.5f));
}

TEST(MixValuesTest, WeighsTheValuesOfEachHead) {
  const Tensor probabilities =
      MakeTensor(4, 2, {1, 0, 0.5, 0.5, 0, 1, 0.25, 0.75});
  const Tensor mixed = MixValues(probabilities, TwoTokens(), /*heads=*/2);
  EXPECT_EQ(mixed.rows, 2);
  EXPECT_THAT(mixed.values, ElementsAre(9, 12, 10, 11.5));
}

TEST(ActivateTest, MatchesPublishedValuesOfExactGelu) {
  Tensor values = MakeTensor(1, 5, {-20, -1, 0, 1, 20});
  Activate(ActivationKind::kGelu, values);
  EXPECT_THAT(values.values,
              Pointwise(FloatNear(1e-7f),
                        {0.0f, -0.15865525f, 0.0f, 0.84134475f, 20.0f}));
}

TEST(ActivateTest, MatchesPublishedValuesOfTanhGelu) {
  Tensor values = MakeTensor(1, 5, {-20, -1, 0, 1, 20});
  Activate(ActivationKind::kGeluTanh, values);
  EXPECT_THAT(values.values,
              Pointwise(FloatNear(1e-7f),
                        {0.0f, -0.15880801f, 0.0f, 0.84119199f, 20.0f}));
}

}  // namespace
}  // namespace moevit
