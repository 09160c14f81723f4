#include "quantize/float_ops.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "quantize/matrix_product.h"

namespace moevit {
namespace {

ConstMatrixView View(const Tensor& tensor) {
  return {tensor.values.data(), tensor.rows, tensor.channels, tensor.channels};
}

MatrixView MutableView(Tensor& tensor) {
  return {tensor.values.data(), tensor.rows, tensor.channels, tensor.channels};
}

// One head's columns of q, k or v (part 0, 1 or 2) in [tokens, 3 * width].
ConstMatrixView HeadView(const Tensor& qkv, int heads, int head, int part) {
  const int width = qkv.channels / 3;
  const int head_width = width / heads;
  return {qkv.values.data() + part * width + head * head_width, qkv.rows,
          head_width, qkv.channels};
}

// One head's square of the scores [heads * tokens, tokens].
size_t HeadOffset(int tokens, int head) {
  return static_cast<size_t>(head) * tokens * tokens;
}

float Gelu(float x) {
  constexpr float kInverseSqrt2 = 0.70710678118654752f;
  return 0.5f * x * (1.0f + std::erf(x * kInverseSqrt2));
}

float GeluTanh(float x) {
  constexpr float kSqrt2OverPi = 0.79788456080286536f;
  constexpr float kCubic = 0.044715f;
  return 0.5f * x * (1.0f + std::tanh(kSqrt2OverPi * (x + kCubic * x * x * x)));
}

}  // namespace

Tensor NormalizedPatches(const ModelConfig& config,
                         absl::Span<const uint8_t> pixels) {
  const int side = config.patches_per_side();
  const int patch = config.patch_size;
  Tensor patches(side * side, config.channels * patch * patch);
  float* out = patches.values.data();
  for (int block = 0; block < side * side; ++block) {
    const int top = block / side * patch;
    const int left = block % side * patch;
    for (int channel = 0; channel < config.channels; ++channel) {
      const float mean = static_cast<float>(config.preprocessing.mean[channel]);
      const float std = static_cast<float>(config.preprocessing.std[channel]);
      for (int y = top; y < top + patch; ++y) {
        for (int x = left; x < left + patch; ++x) {
          const size_t pixel = static_cast<size_t>(y) * config.image_size + x;
          const float value = pixels[pixel * config.channels + channel];
          *out++ = (value / 255.0f - mean) / std;
        }
      }
    }
  }
  return patches;
}

Tensor PatchEmbed(const Checkpoint& checkpoint, const Tensor& patches) {
  const ModelConfig& config = checkpoint.config;
  const Tensor projected = Linear(checkpoint.patch_embed, patches);
  Tensor tokens(config.tokens(), config.width);
  const auto middle =
      std::copy(checkpoint.prefix_tokens.begin(),
                checkpoint.prefix_tokens.end(), tokens.values.begin());
  std::copy(projected.values.begin(), projected.values.end(), middle);
  for (size_t i = 0; i < tokens.values.size(); ++i) {
    tokens.values[i] += checkpoint.positions[i];
  }
  return tokens;
}

Tensor LayerNorm(const LayerNormWeights& weights, double epsilon,
                 const Tensor& input) {
  Tensor output(input.rows, input.channels);
  for (int i = 0; i < input.rows; ++i) {
    const absl::Span<const float> row = input.row(i);
    const double mean =
        std::accumulate(row.begin(), row.end(), 0.0) / input.channels;
    double variance = 0;
    for (float value : row) variance += (value - mean) * (value - mean);
    variance /= input.channels;
    const double scale = 1.0 / std::sqrt(variance + epsilon);
    const absl::Span<float> result = output.row(i);
    for (int c = 0; c < input.channels; ++c) {
      const float normalized = static_cast<float>((row[c] - mean) * scale);
      result[c] = normalized * weights.gamma[c] + weights.beta[c];
    }
  }
  return output;
}

Tensor Linear(const LinearWeights& weights, const Tensor& input) {
  Tensor output(input.rows, weights.out);
  for (int i = 0; i < input.rows; ++i) {
    std::copy(weights.bias.begin(), weights.bias.end(), output.row(i).begin());
  }
  MultiplyTransposed(
      View(input), {weights.weight.data(), weights.out, weights.in, weights.in},
      /*scale=*/1.0f, /*keep=*/1.0f, MutableView(output));
  return output;
}

Tensor AttentionScores(const Tensor& qkv, int heads) {
  const int tokens = qkv.rows;
  const int head_width = qkv.channels / 3 / heads;
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_width));
  Tensor scores(heads * tokens, tokens);
  for (int head = 0; head < heads; ++head) {
    MultiplyTransposed(HeadView(qkv, heads, head, /*part=*/0),
                       HeadView(qkv, heads, head, /*part=*/1), scale,
                       /*keep=*/0.0f,
                       {scores.values.data() + HeadOffset(tokens, head), tokens,
                        tokens, tokens});
  }
  return scores;
}

void Softmax(absl::Span<float> values) {
  const float largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (float& value : values) {
    value = std::exp(value - largest);
    sum += value;
  }
  const float scale = static_cast<float>(1.0 / sum);
  for (float& value : values) value *= scale;
}

void SoftmaxRows(Tensor& rows) {
  for (int i = 0; i < rows.rows; ++i) Softmax(rows.row(i));
}

Tensor MixValues(const Tensor& probabilities, const Tensor& qkv, int heads) {
  const int tokens = qkv.rows;
  const int width = qkv.channels / 3;
  const int head_width = width / heads;
  Tensor output(tokens, width);
  for (int head = 0; head < heads; ++head) {
    Multiply(
        {probabilities.values.data() + HeadOffset(tokens, head), tokens, tokens,
         tokens},
        HeadView(qkv, heads, head, /*part=*/2),
        {output.values.data() + head * head_width, tokens, head_width, width});
  }
  return output;
}

void Activate(ActivationKind kind, Tensor& values) {
  switch (kind) {
    case ActivationKind::kGelu:
      for (float& value : values.values) value = Gelu(value);
      return;
    case ActivationKind::kGeluTanh:
      for (float& value : values.values) value = GeluTanh(value);
      return;
  }
}

}  // namespace moevit
