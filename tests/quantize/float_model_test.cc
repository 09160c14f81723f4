#include "quantize/float_model.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/checkpoint.h"
#include "model/config.h"
#include "quantize/activation_observer.h"
#include "quantize/routing.h"
#include "quantize/tensor.h"
#include "tests/quantize/double_model.h"
#include "tests/quantize/random_checkpoint.h"

namespace moevit {
namespace {

using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;

struct Variant {
  std::string name;
  ModelConfig config;
};

void PrintTo(const Variant& variant, std::ostream* out) {
  *out << variant.name;
}

std::vector<Variant> Variants() {
  std::vector<Variant> variants;
  const auto add = [&](std::string name, ModelConfig config, auto change) {
    change(config);
    variants.push_back({std::move(name), std::move(config)});
  };
  const ModelConfig dense = SmallDenseConfig();
  const ModelConfig sparse = SmallSparseConfig();
  add("Dense", dense, [](ModelConfig&) {});
  add("TanhGelu", dense, [](ModelConfig& config) {
    config.activation = ActivationKind::kGeluTanh;
  });
  add("Distilled", dense, [](ModelConfig& config) { config.distilled = true; });
  add("MeanWithClassToken", dense,
      [](ModelConfig& config) { config.pooling = Pooling::kMean; });
  add("MeanWithoutClassToken", dense, [](ModelConfig& config) {
    config.class_token = false;
    config.pooling = Pooling::kMean;
  });
  add("LargeEpsilon", dense,
      [](ModelConfig& config) { config.layer_norm_epsilon = 0.5; });
  add("SoftmaxLast", sparse, [](ModelConfig&) {});
  add("SoftmaxFirst", sparse, [](ModelConfig& config) {
    config.moe.gate_order = GateOrder::kSoftmaxThenTopK;
  });
  add("Top1Distilled", sparse, [](ModelConfig& config) {
    config.moe.top_k = 1;
    config.distilled = true;
  });
  add("AllExpertsInAllBlocks", sparse, [](ModelConfig& config) {
    config.moe.top_k = config.moe.num_experts;
    config.moe.blocks = {0, 1, 2};
  });
  return variants;
}

class ForwardTest : public ::testing::TestWithParam<Variant> {};

// 32-bit sums of at most 48 products of magnitude about 1 err by some 1e-6;
// the logits are of magnitude 1.
constexpr double kTolerance = 2e-5;

TEST_P(ForwardTest, AgreesWithDoublePrecision) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    const Checkpoint checkpoint = RandomCheckpoint(GetParam().config, seed);
    const std::vector<uint8_t> pixels = RandomPixels(GetParam().config, seed);
    const std::vector<double> expected = DoubleForward(checkpoint, pixels);
    const std::vector<float> actual = Forward(checkpoint, pixels);
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t c = 0; c < expected.size(); ++c) {
      EXPECT_NEAR(actual[c], expected[c], kTolerance) << "seed " << seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, ForwardTest, ::testing::ValuesIn(Variants()),
                         [](const auto& variant) {
                           return variant.param.name;
                         });

TEST(ForwardOrderTest, NormalizesBeforeMeanPoolingWhereTheModelDoes) {
  ModelConfig config = SmallDenseConfig();
  config.pooling = Pooling::kMean;
  Checkpoint checkpoint = RandomCheckpoint(config, /*seed=*/6);
  checkpoint.norm = std::exchange(checkpoint.pooled_norm, std::nullopt);
  const std::vector<uint8_t> pixels = RandomPixels(config, /*seed=*/6);
  const std::vector<double> expected = DoubleForward(checkpoint, pixels);
  const std::vector<float> actual = Forward(checkpoint, pixels);
  for (size_t c = 0; c < expected.size(); ++c) {
    EXPECT_NEAR(actual[c], expected[c], kTolerance);
  }
}

// Keeps a copy of everything.
class Recorder : public ActivationObserver {
 public:
  struct Seen {
    Tensor values;
    std::vector<int> tokens;
  };

  void Observe(const Observation& observation) override {
    const bool fresh =
        seen.try_emplace(
                std::string(observation.site),
                Seen{observation.values,
                     {observation.tokens.begin(), observation.tokens.end()}})
            .second;
    EXPECT_TRUE(fresh) << observation.site << " was reported twice";
  }

  void ObserveRouting(absl::string_view site, const Routing& routing) override {
    routings.emplace(site, routing);
  }

  std::map<std::string, Seen> seen;
  std::map<std::string, Routing> routings;
};

Recorder RecordForward(const Checkpoint& checkpoint) {
  Recorder recorder;
  Forward(checkpoint, RandomPixels(checkpoint.config, /*seed=*/3), &recorder);
  return recorder;
}

TEST(ObserverTest, SeesEachSiteOfADenseBlockWithItsShape) {
  const Recorder recorder =
      RecordForward(RandomCheckpoint(SmallDenseConfig(), /*seed=*/3));
  const std::map<std::string, std::pair<int, int>> expected = {
      {"embedding", {10, 15}},
      {"blocks.2.norm1", {10, 15}},
      {"blocks.2.attn.qkv", {10, 45}},
      {"blocks.2.attn.scores", {30, 10}},
      {"blocks.2.attn.mixed", {10, 15}},
      {"blocks.2.attn.proj", {10, 15}},
      {"blocks.2.residual1", {10, 15}},
      {"blocks.2.norm2", {10, 15}},
      {"blocks.2.mlp.0.pre_activation", {10, 21}},
      {"blocks.2.mlp.0.hidden", {10, 21}},
      {"blocks.2.mlp.0.output", {10, 15}},
      {"blocks.2.residual2", {10, 15}},
      {"norm", {1, 15}},
      {"pooled", {1, 15}},
      {"logits", {1, 7}},
  };
  for (const auto& [site, shape] : expected) {
    ASSERT_THAT(recorder.seen, Contains(Key(site)));
    const Tensor& values = recorder.seen.at(site).values;
    EXPECT_EQ(std::make_pair(values.rows, values.channels), shape) << site;
  }
  // 11 sites in each of 3 blocks, the embedding and three at the end.
  EXPECT_EQ(recorder.seen.size(), 37u);
}

TEST(ObserverTest, SeesThePooledNormOfAMeanPooledModel) {
  ModelConfig config = SmallDenseConfig();
  config.pooling = Pooling::kMean;
  const Recorder recorder = RecordForward(RandomCheckpoint(config, /*seed=*/3));
  EXPECT_THAT(recorder.seen, Contains(Key("pooled_norm")));
  EXPECT_THAT(recorder.seen, Not(Contains(Key("norm"))));
}

TEST(ObserverTest, SeesForEachExpertTheTokensRoutedToIt) {
  const Checkpoint checkpoint =
      RandomCheckpoint(SmallSparseConfig(), /*seed=*/3);
  const Recorder recorder = RecordForward(checkpoint);
  ASSERT_THAT(recorder.seen, Contains(Key("blocks.1.gate")));
  ASSERT_THAT(recorder.routings, Contains(Key("blocks.1.gate")));
  const Routing& routing = recorder.routings.at("blocks.1.gate");
  size_t rows = 0;
  for (int expert = 0; expert < 5; ++expert) {
    std::vector<int> tokens;
    for (int position : routing.PositionsOf(expert)) {
      tokens.push_back(position / 2);
    }
    const std::string site =
        "blocks.1.mlp." + std::to_string(expert) + ".hidden";
    const auto seen = recorder.seen.find(site);
    ASSERT_EQ(seen != recorder.seen.end(), !tokens.empty()) << site;
    if (tokens.empty()) continue;
    EXPECT_EQ(seen->second.tokens, tokens);
    EXPECT_EQ(seen->second.values.rows, static_cast<int>(tokens.size()));
    rows += tokens.size();
  }
  EXPECT_EQ(rows, 20u);
}

TEST(ObserverTest, HearsNothingOfAnExpertThatNobodyChose) {
  Checkpoint checkpoint = RandomCheckpoint(SmallSparseConfig(), /*seed=*/3);
  checkpoint.blocks[1].gate->bias[4] = -1e6f;
  const Recorder recorder = RecordForward(checkpoint);
  EXPECT_THAT(recorder.seen,
              Not(Contains(Key("blocks.1.mlp.4.pre_activation"))));
}

TEST(StepsTest, ComposeToForward) {
  const Checkpoint checkpoint =
      RandomCheckpoint(SmallSparseConfig(), /*seed=*/9);
  const std::vector<uint8_t> pixels =
      RandomPixels(checkpoint.config, /*seed=*/9);
  Tensor tokens = EmbedImage(checkpoint, pixels, /*observer=*/nullptr);
  for (int block = 0; block < checkpoint.config.depth; ++block) {
    tokens = RunAttention(checkpoint, block, tokens, /*observer=*/nullptr);
    tokens = RunMlp(checkpoint, block, tokens, /*observer=*/nullptr);
  }
  EXPECT_EQ(ClassifyTokens(checkpoint, tokens, /*observer=*/nullptr),
            Forward(checkpoint, pixels));
}

}  // namespace
}  // namespace moevit
