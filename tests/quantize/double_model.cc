#include "tests/quantize/double_model.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "model/config.h"

namespace moevit {
namespace {

using Row = std::vector<double>;
using Rows = std::vector<Row>;

Row Affine(const LinearWeights& weights, const Row& x) {
  Row y(weights.out);
  for (int n = 0; n < weights.out; ++n) {
    y[n] = weights.bias[n];
    for (int k = 0; k < weights.in; ++k) {
      y[n] += double{weights.weight[n * weights.in + k]} * x[k];
    }
  }
  return y;
}

Row Normalized(const LayerNormWeights& weights, double epsilon, const Row& x) {
  double mean = 0;
  for (double value : x) mean += value / x.size();
  double variance = 0;
  for (double value : x) variance += std::pow(value - mean, 2) / x.size();
  Row y(x.size());
  for (size_t c = 0; c < x.size(); ++c) {
    y[c] = (x[c] - mean) / std::sqrt(variance + epsilon) * weights.gamma[c] +
           weights.beta[c];
  }
  return y;
}

Row SoftmaxOf(const Row& x) {
  double sum = 0;
  for (double value : x) sum += std::exp(value);
  Row y;
  for (double value : x) y.push_back(std::exp(value) / sum);
  return y;
}

double Activated(ActivationKind kind, double x) {
  if (kind == ActivationKind::kGelu) {
    return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
  }
  return x * 0.5 *
         (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

Row Mlp(const MlpWeights& weights, ActivationKind kind, const Row& x) {
  Row hidden = Affine(weights.fc1, x);
  for (double& value : hidden) value = Activated(kind, value);
  return Affine(weights.fc2, hidden);
}

Rows Attention(const Rows& qkv, int heads) {
  const size_t width = qkv[0].size() / 3;
  const size_t head_width = width / heads;
  Rows output(qkv.size(), Row(width));
  for (size_t first = 0; first < width; first += head_width) {
    for (size_t i = 0; i < qkv.size(); ++i) {
      Row scores;
      for (const Row& key : qkv) {
        double score = 0;
        for (size_t c = first; c < first + head_width; ++c) {
          score += qkv[i][c] * key[width + c];
        }
        scores.push_back(score / std::sqrt(static_cast<double>(head_width)));
      }
      const Row probabilities = SoftmaxOf(scores);
      for (size_t j = 0; j < qkv.size(); ++j) {
        for (size_t c = first; c < first + head_width; ++c) {
          output[i][c] += probabilities[j] * qkv[j][2 * width + c];
        }
      }
    }
  }
  return output;
}

Row Experts(const ModelConfig& config, const BlockWeights& block,
            const Row& x) {
  const Row logits = Affine(*block.gate, x);
  Row rest = logits;
  std::vector<int> chosen;
  for (int slot = 0; slot < config.moe.top_k; ++slot) {
    const auto best = std::max_element(rest.begin(), rest.end());
    chosen.push_back(static_cast<int>(best - rest.begin()));
    *best = -HUGE_VAL;
  }
  double total = 0;
  const bool over_all = config.moe.gate_order == GateOrder::kSoftmaxThenTopK;
  if (over_all) {
    for (double logit : logits) total += std::exp(logit);
  } else {
    for (int expert : chosen) total += std::exp(logits[expert]);
  }
  Row sum(x.size());
  for (int expert : chosen) {
    const Row y = Mlp(block.mlps[expert], config.activation, x);
    for (size_t c = 0; c < y.size(); ++c) {
      sum[c] += std::exp(logits[expert]) / total * y[c];
    }
  }
  return sum;
}

Rows Embedded(const Checkpoint& checkpoint, absl::Span<const uint8_t> pixels) {
  const ModelConfig& config = checkpoint.config;
  const int side = config.patches_per_side();
  const int prefix = config.prefix_tokens();
  Rows tokens;
  for (int t = 0; t < config.tokens(); ++t) {
    Row token(config.width);
    if (t < prefix) {
      for (int c = 0; c < config.width; ++c) {
        token[c] = checkpoint.prefix_tokens[t * config.width + c];
      }
    } else {
      const int top = (t - prefix) / side * config.patch_size;
      const int left = (t - prefix) % side * config.patch_size;
      Row patch;
      for (int channel = 0; channel < config.channels; ++channel) {
        for (int y = top; y < top + config.patch_size; ++y) {
          for (int x = left; x < left + config.patch_size; ++x) {
            const double value =
                pixels[(y * config.image_size + x) * config.channels + channel];
            patch.push_back((value / 255 - config.preprocessing.mean[channel]) /
                            config.preprocessing.std[channel]);
          }
        }
      }
      token = Affine(checkpoint.patch_embed, patch);
    }
    for (int c = 0; c < config.width; ++c) {
      token[c] += checkpoint.positions[t * config.width + c];
    }
    tokens.push_back(token);
  }
  return tokens;
}

void RunBlock(const ModelConfig& config, const BlockWeights& block,
              Rows& tokens) {
  Rows qkv;
  for (const Row& token : tokens) {
    qkv.push_back(Affine(
        block.qkv, Normalized(block.norm1, config.layer_norm_epsilon, token)));
  }
  const Rows mixed = Attention(qkv, config.heads);
  for (size_t t = 0; t < tokens.size(); ++t) {
    const Row projected = Affine(block.proj, mixed[t]);
    for (size_t c = 0; c < projected.size(); ++c) tokens[t][c] += projected[c];
    const Row x = Normalized(block.norm2, config.layer_norm_epsilon, tokens[t]);
    const Row y = block.gate.has_value()
                      ? Experts(config, block, x)
                      : Mlp(block.mlps[0], config.activation, x);
    for (size_t c = 0; c < y.size(); ++c) tokens[t][c] += y[c];
  }
}

Row MeanOfPatches(const ModelConfig& config, const Rows& tokens) {
  const size_t prefix = config.prefix_tokens();
  Row mean(config.width);
  for (size_t t = prefix; t < tokens.size(); ++t) {
    for (int c = 0; c < config.width; ++c) {
      mean[c] += tokens[t][c] / (tokens.size() - prefix);
    }
  }
  return mean;
}

}  // namespace

std::vector<double> DoubleForward(const Checkpoint& checkpoint,
                                  absl::Span<const uint8_t> pixels) {
  const ModelConfig& config = checkpoint.config;
  const double epsilon = config.layer_norm_epsilon;
  Rows tokens = Embedded(checkpoint, pixels);
  for (const BlockWeights& block : checkpoint.blocks) {
    RunBlock(config, block, tokens);
  }
  if (checkpoint.norm.has_value()) {
    for (Row& token : tokens) {
      token = Normalized(*checkpoint.norm, epsilon, token);
    }
  }
  Row features = config.pooling == Pooling::kMean
                     ? MeanOfPatches(config, tokens)
                     : tokens[0];
  if (checkpoint.pooled_norm.has_value()) {
    features = Normalized(*checkpoint.pooled_norm, epsilon, features);
  }
  Row logits = Affine(checkpoint.head, features);
  if (config.distilled) {
    const Row second = Affine(*checkpoint.distillation_head, tokens[1]);
    for (size_t c = 0; c < logits.size(); ++c) {
      logits[c] = (logits[c] + second[c]) / 2;
    }
  }
  return logits;
}

}  // namespace moevit
