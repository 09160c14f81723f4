#include "quantize/quantizer.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/reference/reference_executor.h"
#include "program/program_writer.h"
#include "program/verify.h"
#include "quantize/float_model.h"
#include "tests/quantize/random_checkpoint.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Images = std::vector<std::vector<uint8_t>>;

Images RandomImages(const ModelConfig& config, int count, uint32_t seed) {
  Images images;
  for (int i = 0; i < count; ++i) {
    images.push_back(RandomPixels(config, seed + i));
  }
  return images;
}

// Calibration images have seeds from 1 on; test images must be others.
constexpr uint32_t kCalibrationSeed = 1;
constexpr uint32_t kTestSeed = 1000;

absl::StatusOr<QuantizationResult> Quantize(const Checkpoint& checkpoint,
                                            int images = 8,
                                            const QuantizeOptions& options = {},
                                            int threads = 1) {
  ThreadPool pool(threads);
  return QuantizeModel(
      checkpoint, RandomImages(checkpoint.config, images, kCalibrationSeed),
      options, pool);
}

std::vector<double> IntegerLogits(const Program& program,
                                  const std::vector<uint8_t>& pixels) {
  std::vector<int32_t> logits(program.classes);
  const absl::Status status = NewReferenceExecutor(&program)->Run(
      1, pixels, absl::MakeSpan(logits), nullptr);
  EXPECT_TRUE(status.ok()) << status;
  std::vector<double> real;
  for (int32_t logit : logits) real.push_back(program.logit_scale * logit);
  return real;
}

// The energy of the float model's logits over that of the integer program's
// error: the median over images that calibration has not seen. (Where a token
// is as good for one expert as for another, the least error can send it to the
// other: that is not what these tests are about.)
double LogitSnrDb(const Checkpoint& checkpoint, const Program& program) {
  constexpr int kImages = 11;
  std::vector<double> snrs;
  for (const std::vector<uint8_t>& image :
       RandomImages(checkpoint.config, kImages, kTestSeed)) {
    const std::vector<float> exact = Forward(checkpoint, image);
    const std::vector<double> got = IntegerLogits(program, image);
    double signal = 0;
    double error = 0;
    for (size_t c = 0; c < exact.size(); ++c) {
      signal += exact[c] * exact[c];
      error += (got[c] - exact[c]) * (got[c] - exact[c]);
    }
    snrs.push_back(10 * std::log10(signal / error));
  }
  std::nth_element(snrs.begin(), snrs.begin() + kImages / 2, snrs.end());
  return snrs[kImages / 2];
}

struct Kind {
  friend void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.name;
  }

  std::string name;
  ModelConfig config;
  bool norm_before_mean = false;
  bool no_qkv_bias = false;
};

Kind Dense(const std::string& name) { return {name, SmallDenseConfig()}; }

Kind Sparse(const std::string& name, int experts, int top_k, GateOrder order) {
  Kind kind{name, SmallSparseConfig()};
  kind.config.moe.num_experts = experts;
  kind.config.moe.top_k = top_k;
  kind.config.moe.gate_order = order;
  return kind;
}

Kind HeadWidth(int width) {
  Kind kind = Dense("HeadsOf" + std::to_string(width));
  kind.config.heads = 2;
  kind.config.width = 2 * width;
  kind.config.depth = 2;
  return kind;
}

std::vector<Kind> Kinds() {
  constexpr GateOrder kTopKFirst = GateOrder::kTopKThenSoftmax;
  constexpr GateOrder kSoftmaxFirst = GateOrder::kSoftmaxThenTopK;
  std::vector<Kind> kinds = {Dense("Dense"),
                             Sparse("Top1OfTwoExperts", 2, 1, kTopKFirst),
                             Sparse("Top1AfterSoftmax", 5, 1, kSoftmaxFirst),
                             Sparse("Top2OfFive", 5, 2, kTopKFirst),
                             Sparse("Top3AfterSoftmax", 5, 3, kSoftmaxFirst),
                             Sparse("AllOfThree", 3, 3, kTopKFirst),
                             Sparse("Top2Of64", 64, 2, kTopKFirst),
                             HeadWidth(32),
                             HeadWidth(37),
                             HeadWidth(64),
                             HeadWidth(80)};
  Kind sparse_first = Sparse("SparseFirstAndLastBlock", 4, 2, kTopKFirst);
  sparse_first.config.moe.blocks = {0, 2};
  kinds.push_back(sparse_first);
  Kind mean = Dense("MeanThenNorm");
  mean.config.pooling = Pooling::kMean;
  kinds.push_back(mean);
  Kind norm = Dense("NormThenMeanWithoutClassToken");
  norm.config.pooling = Pooling::kMean;
  norm.config.class_token = false;
  norm.norm_before_mean = true;
  kinds.push_back(norm);
  Kind distilled = Dense("Distilled");
  distilled.config.distilled = true;
  kinds.push_back(distilled);
  Kind tanh = Dense("TanhGelu");
  tanh.config.activation = ActivationKind::kGeluTanh;
  kinds.push_back(tanh);
  Kind no_bias = Dense("QkvWithoutBias");
  no_bias.config.qkv_bias = false;
  no_bias.no_qkv_bias = true;
  kinds.push_back(no_bias);
  return kinds;
}

Checkpoint MakeCheckpoint(const Kind& kind) {
  Checkpoint checkpoint = RandomCheckpoint(kind.config, /*seed=*/7);
  if (kind.norm_before_mean) checkpoint.norm.swap(checkpoint.pooled_norm);
  if (kind.no_qkv_bias) {
    for (BlockWeights& block : checkpoint.blocks) {
      block.qkv.bias.assign(block.qkv.out, 0.0f);
    }
  }
  return checkpoint;
}

class QuantizerKindTest : public ::testing::TestWithParam<Kind> {};

INSTANTIATE_TEST_SUITE_P(AllKinds, QuantizerKindTest,
                         ::testing::ValuesIn(Kinds()),
                         [](const ::testing::TestParamInfo<Kind>& info) {
                           return info.param.name;
                         });

// Each of some twenty roundings to 8 bits costs about 40 dB of a signal that
// uses a third of its range; summed up that leaves 27 dB, and in models as
// narrow as these little averages out. Wrong constants leave below 10 dB.
TEST_P(QuantizerKindTest, GivesTheFloatModelsLogits) {
  const Checkpoint checkpoint = MakeCheckpoint(GetParam());
  for (int bits : {4, 8}) {
    QuantizeOptions options;
    options.attention_bits = bits;
    const auto result = Quantize(checkpoint, /*images=*/8, options);
    ASSERT_TRUE(result.ok()) << result.status();
    const absl::Status valid = VerifyProgram(result->model.program);
    EXPECT_TRUE(valid.ok()) << valid;
    EXPECT_GT(LogitSnrDb(checkpoint, result->model.program),
              bits == 8 ? 22.0 : 18.0)
        << bits;
  }
}

TEST_P(QuantizerKindTest, WorksWithTheMinMaxSchemeToo) {
  const Checkpoint checkpoint = MakeCheckpoint(GetParam());
  QuantizeOptions options;
  options.scheme = Scheme::kMinMax;
  const auto result = Quantize(checkpoint, /*images=*/8, options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(LogitSnrDb(checkpoint, result->model.program), 15.0);
}

TEST(QuantizerTest, GivesTheSameBitsForAnyNumberOfThreads) {
  const Checkpoint checkpoint = RandomCheckpoint(SmallSparseConfig(), 5);
  QuantizeOptions options;
  options.attention_bits = 4;
  const auto one = Quantize(checkpoint, /*images=*/7, options, /*threads=*/1);
  const auto three = Quantize(checkpoint, /*images=*/7, options, /*threads=*/3);
  ASSERT_TRUE(one.ok() && three.ok());
  const auto first = SerializeProgram(one->model.program);
  const auto second = SerializeProgram(three->model.program);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->json, second->json);
  EXPECT_TRUE(first->weights == second->weights);
}

TEST(QuantizerTest, MakesDoWithOneImage) {
  for (Pooling pooling : {Pooling::kClassToken, Pooling::kMean}) {
    ModelConfig config = SmallSparseConfig();
    config.pooling = pooling;
    const Checkpoint checkpoint = RandomCheckpoint(config, /*seed=*/11);
    for (int images : {1, 3}) {
      const auto result = Quantize(checkpoint, images);
      ASSERT_TRUE(result.ok()) << result.status();
      EXPECT_EQ(result->report.images, images);
      EXPECT_GT(LogitSnrDb(checkpoint, result->model.program), 15.0) << images;
    }
  }
}

TEST(QuantizerTest, ReportsEveryLayerWithItsSignalToNoiseRatio) {
  const Checkpoint checkpoint = RandomCheckpoint(SmallSparseConfig(), 5);
  const auto result = Quantize(checkpoint);
  ASSERT_TRUE(result.ok()) << result.status();
  int measured = 0;
  for (const LayerReport& layer : result->report.layers) {
    EXPECT_LT(layer.min, layer.max) << layer.name;
    if (std::isnan(layer.snr_db)) continue;
    EXPECT_GT(layer.snr_db, 15.0) << layer.name;
    ++measured;
  }
  EXPECT_GT(measured, 3 * 5);
}

// A gate that sends every token to experts 0 and 1.
Checkpoint CheckpointWithIdleExperts() {
  Checkpoint checkpoint = RandomCheckpoint(SmallSparseConfig(), /*seed=*/9);
  LinearWeights& gate = *checkpoint.blocks[1].gate;
  gate.bias = {40.0f, 30.0f, -30.0f, -30.0f, -30.0f};
  return checkpoint;
}

TEST(QuantizerTest, ReportsExpertsThatSawTooFewTokens) {
  const auto result = Quantize(CheckpointWithIdleExperts());
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->report.experts.size(), 1);
  const ExpertReport& report = result->report.experts[0];
  EXPECT_THAT(report.tokens, ElementsAre(80, 80, 0, 0, 0));
  EXPECT_THAT(report.starved, ElementsAre(2, 3, 4));
}

TEST(QuantizerTest, GivesIdleExpertsConstantsThatWork) {
  const Checkpoint idle = CheckpointWithIdleExperts();
  const auto result = Quantize(idle);
  ASSERT_TRUE(result.ok()) << result.status();
  Program program = result->model.program;
  // Now the gate sends every token to two of the idle ones.
  Checkpoint busy = idle;
  busy.blocks[1].gate->bias = {-30.0f, -30.0f, 40.0f, 30.0f, -30.0f};
  for (Op& op : program.ops) {
    if (auto* gate = std::get_if<GateOp>(&op.body)) {
      std::swap(gate->bias[0], gate->bias[2]);
      std::swap(gate->bias[1], gate->bias[3]);
    }
  }
  EXPECT_GT(LogitSnrDb(busy, program), 15.0);
}

TEST(QuantizerTest, CopesWithDeadChannels) {
  Checkpoint checkpoint = RandomCheckpoint(SmallSparseConfig(), /*seed=*/13);
  const int width = checkpoint.config.width;
  for (BlockWeights& block : checkpoint.blocks) {
    block.norm1.gamma[3] = 0.0f;
    block.norm2.gamma[4] = 0.0f;
    // A whole row each of q, k and v, and all of head 1's keys.
    for (int row : {0, width + 2, 2 * width + 1}) {
      std::fill_n(block.qkv.weight.begin() + row * width, width, 0.0f);
      block.qkv.bias[row] = 0.0f;
    }
    std::fill_n(block.qkv.weight.begin() + (width + 5) * width, 5 * width,
                0.0f);
    std::fill_n(block.mlps[0].fc1.weight.begin(), width, 0.0f);
    std::fill_n(block.mlps[0].fc2.weight.begin(), block.mlps[0].fc2.in, 0.0f);
  }
  checkpoint.norm->gamma[0] = 0.0f;
  for (int images : {1, 8}) {
    const auto result = Quantize(checkpoint, images);
    ASSERT_TRUE(result.ok()) << result.status();
    // One image shows most channels ten values, too few for their ranges.
    EXPECT_GT(LogitSnrDb(checkpoint, result->model.program),
              images == 1 ? 10.0 : 18.0)
        << images;
  }
}

TEST(QuantizerTest, CopesWithAnExpertThatAlwaysSaysNothing) {
  Checkpoint checkpoint = RandomCheckpoint(SmallSparseConfig(), /*seed=*/14);
  MlpWeights& mlp = checkpoint.blocks[1].mlps[2];
  mlp.fc1.bias.assign(mlp.fc1.out, -50.0f);  // far below where GELU begins
  const auto result = Quantize(checkpoint);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(LogitSnrDb(checkpoint, result->model.program), 15.0);
}

TEST(QuantizerTest, CopesWithAModelThatIsAllZeros) {
  Checkpoint checkpoint = RandomCheckpoint(SmallSparseConfig(), /*seed=*/15);
  auto clear = [](LinearWeights& layer) {
    layer.weight.assign(layer.weight.size(), 0.0f);
    layer.bias.assign(layer.bias.size(), 0.0f);
  };
  clear(checkpoint.patch_embed);
  checkpoint.positions.assign(checkpoint.positions.size(), 0.0f);
  checkpoint.prefix_tokens.assign(checkpoint.prefix_tokens.size(), 0.0f);
  for (BlockWeights& block : checkpoint.blocks) {
    clear(block.qkv);
    clear(block.proj);
    if (block.gate) clear(*block.gate);
    for (MlpWeights& mlp : block.mlps) {
      clear(mlp.fc1);
      clear(mlp.fc2);
    }
  }
  clear(checkpoint.head);
  const auto result = Quantize(checkpoint);
  ASSERT_TRUE(result.ok()) << result.status();
  for (double logit : IntegerLogits(
           result->model.program, RandomPixels(checkpoint.config, kTestSeed))) {
    EXPECT_EQ(logit, 0.0);
  }
}

TEST(QuantizerTest, CopesWithImagesOfOneColour) {
  const Checkpoint checkpoint = RandomCheckpoint(SmallSparseConfig(), 16);
  ThreadPool pool(1);
  const std::vector<uint8_t> black(12 * 12 * 3, 0);
  const auto result = QuantizeModel(checkpoint, {black, black}, {}, pool);
  ASSERT_TRUE(result.ok()) << result.status();
  const std::vector<float> exact = Forward(checkpoint, black);
  const std::vector<double> got = IntegerLogits(result->model.program, black);
  for (size_t c = 0; c < exact.size(); ++c) EXPECT_NEAR(got[c], exact[c], 0.3);
}

struct Magnified {
  std::string name;
  LinearWeights& (*layer)(Checkpoint&);
};

// Layers whose weights a test makes huge or tiny.
const Magnified kMagnified[] = {
    {"PatchEmbed",
     [](Checkpoint& c) -> LinearWeights& { return c.patch_embed; }},
    {"Qkv", [](Checkpoint& c) -> LinearWeights& { return c.blocks[0].qkv; }},
    {"Proj", [](Checkpoint& c) -> LinearWeights& { return c.blocks[1].proj; }},
    {"Gate", [](Checkpoint& c) -> LinearWeights& { return *c.blocks[1].gate; }},
    {"ExpertFc1",
     [](Checkpoint& c) -> LinearWeights& { return c.blocks[1].mlps[0].fc1; }},
    {"Fc2",
     [](Checkpoint& c) -> LinearWeights& { return c.blocks[2].mlps[0].fc2; }},
    {"Head", [](Checkpoint& c) -> LinearWeights& { return c.head; }}};

class QuantizerMagnitudeTest : public ::testing::TestWithParam<Magnified> {};

INSTANTIATE_TEST_SUITE_P(EveryLayer, QuantizerMagnitudeTest,
                         ::testing::ValuesIn(kMagnified),
                         [](const ::testing::TestParamInfo<Magnified>& info) {
                           return info.param.name;
                         });

TEST_P(QuantizerMagnitudeTest, PassesTheVerifierFromTinyToHuge) {
  for (float factor : {0.0f, 1e-12f, 1e-4f, 1e3f, 1e6f, 1e12f}) {
    Checkpoint checkpoint = RandomCheckpoint(SmallSparseConfig(), /*seed=*/17);
    LinearWeights& layer = GetParam().layer(checkpoint);
    for (float& weight : layer.weight) weight *= factor;
    for (float& bias : layer.bias) bias *= factor;
    for (Scheme scheme : {Scheme::kMinMax, Scheme::kCoqmoe}) {
      QuantizeOptions options;
      options.scheme = scheme;
      const auto result = Quantize(checkpoint, /*images=*/2, options);
      EXPECT_TRUE(result.ok()) << factor << ": " << result.status();
    }
  }
}

TEST(QuantizerTest, RefusesAttentionBitsOtherThan4And8) {
  for (int bits : {-1, 0, 5, 16}) {
    QuantizeOptions options;
    options.attention_bits = bits;
    const auto result =
        Quantize(RandomCheckpoint(SmallDenseConfig(), 1), 1, options);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(result.status().message(), HasSubstr(std::to_string(bits)));
  }
}

TEST(QuantizerTest, RefusesToCallNoTokensEnough) {
  QuantizeOptions options;
  options.min_expert_tokens = 0;
  const auto result =
      Quantize(RandomCheckpoint(SmallDenseConfig(), 1), 1, options);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(result.status().message(), HasSubstr("min_expert_tokens is 0"));
}

TEST(QuantizerTest, RefusesToWorkWithoutImages) {
  const auto result = Quantize(RandomCheckpoint(SmallDenseConfig(), 1), 0);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(QuantizerTest, NamesAnImageOfTheWrongSize) {
  const Checkpoint checkpoint = RandomCheckpoint(SmallDenseConfig(), 1);
  Images images = RandomImages(checkpoint.config, 3, kCalibrationSeed);
  images[2].pop_back();
  ThreadPool pool(1);
  const auto result = QuantizeModel(checkpoint, images, {}, pool);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(result.status().message(),
              HasSubstr("image 2 has 431 bytes, not 432"));
}

TEST(QuantizerTest, RefusesModelsWithTwoFinalNormsOrNone) {
  Checkpoint both = RandomCheckpoint(SmallDenseConfig(), 1);
  both.pooled_norm = both.norm;
  EXPECT_EQ(Quantize(both).status().code(), absl::StatusCode::kUnimplemented);
  Checkpoint neither = RandomCheckpoint(SmallDenseConfig(), 1);
  neither.norm.reset();
  EXPECT_EQ(Quantize(neither).status().code(),
            absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace moevit
