#include "tests/quantize/random_checkpoint.h"

#include <cmath>
#include <cstddef>
#include <random>

namespace moevit {
namespace {

class Generator {
 public:
  explicit Generator(uint32_t seed) : engine_(seed) {}

  std::vector<float> Values(size_t count, float scale, float offset = 0.0f) {
    std::normal_distribution<float> normal(offset, scale);
    std::vector<float> values(count);
    for (float& value : values) value = normal(engine_);
    return values;
  }

  LinearWeights Linear(int in, int out) {
    const float scale = 1.0f / std::sqrt(static_cast<float>(in));
    return {in, out, Values(static_cast<size_t>(in) * out, scale),
            Values(out, 0.2f)};
  }

  LayerNormWeights Norm(int width) {
    return {Values(width, 0.3f, /*offset=*/1.0f), Values(width, 0.2f)};
  }

  MlpWeights Mlp(int width, int hidden) {
    return {Linear(width, hidden), Linear(hidden, width)};
  }

  BlockWeights Block(const ModelConfig& config, bool sparse) {
    BlockWeights block;
    block.norm1 = Norm(config.width);
    block.qkv = Linear(config.width, 3 * config.width);
    block.proj = Linear(config.width, config.width);
    block.norm2 = Norm(config.width);
    if (!sparse) {
      block.mlps.push_back(Mlp(config.width, config.mlp_width));
      return block;
    }
    for (int i = 0; i < config.moe.num_experts; ++i) {
      block.mlps.push_back(Mlp(config.width, config.moe.hidden_width));
    }
    block.gate = Linear(config.width, config.moe.num_experts);
    return block;
  }

 private:
  std::mt19937 engine_;
};

}  // namespace

ModelConfig SmallDenseConfig() {
  ModelConfig config;
  config.name = "small";
  config.image_size = 12;
  config.patch_size = 4;
  config.width = 15;
  config.depth = 3;
  config.heads = 3;
  config.mlp_width = 21;
  config.num_classes = 7;
  return config;
}

ModelConfig SmallSparseConfig() {
  ModelConfig config = SmallDenseConfig();
  config.moe.blocks = {1};
  config.moe.num_experts = 5;
  config.moe.top_k = 2;
  config.moe.hidden_width = 7;
  return config;
}

Checkpoint RandomCheckpoint(const ModelConfig& config, uint32_t seed) {
  Generator random(seed);
  const size_t width = config.width;
  Checkpoint checkpoint;
  checkpoint.config = config;
  checkpoint.patch_embed = random.Linear(
      config.channels * config.patch_size * config.patch_size, config.width);
  checkpoint.prefix_tokens =
      random.Values(config.prefix_tokens() * width, 1.0f);
  checkpoint.positions = random.Values(config.tokens() * width, 0.5f);
  for (int i = 0; i < config.depth; ++i) {
    checkpoint.blocks.push_back(random.Block(config, config.IsSparse(i)));
  }
  auto& norm = config.pooling == Pooling::kMean ? checkpoint.pooled_norm
                                                : checkpoint.norm;
  norm = random.Norm(config.width);
  checkpoint.head = random.Linear(config.width, config.num_classes);
  if (config.distilled) {
    checkpoint.distillation_head =
        random.Linear(config.width, config.num_classes);
  }
  return checkpoint;
}

std::vector<uint8_t> RandomPixels(const ModelConfig& config, uint32_t seed) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<int> pixel(0, 255);
  std::vector<uint8_t> pixels(config.image_bytes());
  for (uint8_t& value : pixels) value = static_cast<uint8_t>(pixel(engine));
  return pixels;
}

}  // namespace moevit
