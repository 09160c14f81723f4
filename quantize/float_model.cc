#include "quantize/float_model.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "model/config.h"
#include "quantize/float_ops.h"
#include "quantize/routing.h"

namespace moevit {
namespace {

// Reports the sites of one part of the model; names are only put together when
// somebody listens.
class Reporter {
 public:
  explicit Reporter(ActivationObserver* observer) : observer_(observer) {}
  Reporter(ActivationObserver* observer, int block) : observer_(observer) {
    if (observer_ != nullptr) prefix_ = absl::StrCat("blocks.", block, ".");
  }

  void Report(absl::string_view site, const Tensor& values) const {
    if (observer_ == nullptr) return;
    observer_->Observe({absl::StrCat(prefix_, site), values, {}});
  }

  void ReportExpert(int expert, absl::string_view site, const Tensor& values,
                    absl::Span<const int> tokens) const {
    if (observer_ == nullptr) return;
    observer_->Observe(
        {absl::StrCat(prefix_, "mlp.", expert, ".", site), values, tokens});
  }

  void ReportRouting(absl::string_view site, const Routing& routing) const {
    if (observer_ == nullptr) return;
    observer_->ObserveRouting(absl::StrCat(prefix_, site), routing);
  }

 private:
  ActivationObserver* const observer_;
  std::string prefix_;
};

// One MLP, or one expert on the rows of `tokens`.
Tensor ApplyMlp(const MlpWeights& weights, ActivationKind activation,
                const Tensor& input, int expert, absl::Span<const int> tokens,
                const Reporter& reporter) {
  Tensor hidden = Linear(weights.fc1, input);
  reporter.ReportExpert(expert, "pre_activation", hidden, tokens);
  Activate(activation, hidden);
  reporter.ReportExpert(expert, "hidden", hidden, tokens);
  Tensor output = Linear(weights.fc2, hidden);
  reporter.ReportExpert(expert, "output", output, tokens);
  return output;
}

// The weighted outputs of the experts that the gate chose, for every token.
Tensor ApplyExperts(const ModelConfig& config, const BlockWeights& weights,
                    const Tensor& input, const Reporter& reporter) {
  const Tensor gate_logits = Linear(*weights.gate, input);
  reporter.Report("gate", gate_logits);
  const Routing routing =
      Route(gate_logits, config.moe.top_k, config.moe.gate_order);
  reporter.ReportRouting("gate", routing);

  Tensor sum(input.rows, config.width);
  for (size_t e = 0; e < weights.mlps.size(); ++e) {
    const int expert = static_cast<int>(e);
    const std::vector<int> positions = routing.PositionsOf(expert);
    if (positions.empty()) continue;
    std::vector<int> tokens;
    tokens.reserve(positions.size());
    for (int position : positions) tokens.push_back(position / routing.top_k);
    const Tensor output =
        ApplyMlp(weights.mlps[e], config.activation, GatherRows(input, tokens),
                 expert, tokens, reporter);
    for (int row = 0; row < output.rows; ++row) {
      const float weight = routing.weights[positions[row]];
      const absl::Span<float> target = sum.row(tokens[row]);
      const absl::Span<const float> source = output.row(row);
      for (int c = 0; c < config.width; ++c) target[c] += weight * source[c];
    }
  }
  return sum;
}

// The normalized tokens that the pooling looks at. Others would only disturb
// the ranges that an observer sees.
Tensor NormalizedPoolInput(const Checkpoint& checkpoint, const Tensor& tokens,
                           const Reporter& reporter) {
  const ModelConfig& config = checkpoint.config;
  const int prefix = config.prefix_tokens();
  Tensor input = config.pooling == Pooling::kClassToken
                     ? SliceRows(tokens, 0, prefix)
                     : SliceRows(tokens, prefix, tokens.rows - prefix);
  if (checkpoint.norm.has_value()) {
    input = LayerNorm(*checkpoint.norm, config.layer_norm_epsilon, input);
    reporter.Report("norm", input);
  }
  return input;
}

// What the heads see: [1, width], or [2, width] when distilled.
Tensor PooledFeatures(const Checkpoint& checkpoint, const Tensor& tokens,
                      const Reporter& reporter) {
  const ModelConfig& config = checkpoint.config;
  Tensor features = NormalizedPoolInput(checkpoint, tokens, reporter);
  if (config.pooling == Pooling::kMean) features = MeanRow(features);
  reporter.Report("pooled", features);
  if (checkpoint.pooled_norm.has_value()) {
    features =
        LayerNorm(*checkpoint.pooled_norm, config.layer_norm_epsilon, features);
    reporter.Report("pooled_norm", features);
  }
  return features;
}

}  // namespace

Tensor EmbedImage(const Checkpoint& checkpoint,
                  absl::Span<const uint8_t> pixels,
                  ActivationObserver* observer) {
  Tensor tokens =
      PatchEmbed(checkpoint, NormalizedPatches(checkpoint.config, pixels));
  Reporter(observer).Report("embedding", tokens);
  return tokens;
}

Tensor RunAttention(const Checkpoint& checkpoint, int block,
                    const Tensor& tokens, ActivationObserver* observer) {
  const ModelConfig& config = checkpoint.config;
  const BlockWeights& weights = checkpoint.blocks[block];
  const Reporter reporter(observer, block);

  const Tensor normalized =
      LayerNorm(weights.norm1, config.layer_norm_epsilon, tokens);
  reporter.Report("norm1", normalized);
  const Tensor qkv = Linear(weights.qkv, normalized);
  reporter.Report("attn.qkv", qkv);
  Tensor scores = AttentionScores(qkv, config.heads);
  reporter.Report("attn.scores", scores);
  SoftmaxRows(scores);
  const Tensor mixed = MixValues(scores, qkv, config.heads);
  reporter.Report("attn.mixed", mixed);
  Tensor output = Linear(weights.proj, mixed);
  reporter.Report("attn.proj", output);
  AddInPlace(tokens, output);
  reporter.Report("residual1", output);
  return output;
}

Tensor RunMlp(const Checkpoint& checkpoint, int block, const Tensor& tokens,
              ActivationObserver* observer) {
  const ModelConfig& config = checkpoint.config;
  const BlockWeights& weights = checkpoint.blocks[block];
  const Reporter reporter(observer, block);

  const Tensor normalized =
      LayerNorm(weights.norm2, config.layer_norm_epsilon, tokens);
  reporter.Report("norm2", normalized);
  Tensor output = weights.gate.has_value()
                      ? ApplyExperts(config, weights, normalized, reporter)
                      : ApplyMlp(weights.mlps[0], config.activation, normalized,
                                 /*expert=*/0, /*tokens=*/{}, reporter);
  AddInPlace(tokens, output);
  reporter.Report("residual2", output);
  return output;
}

std::vector<float> ClassifyTokens(const Checkpoint& checkpoint,
                                  const Tensor& tokens,
                                  ActivationObserver* observer) {
  const Reporter reporter(observer);
  const Tensor features = PooledFeatures(checkpoint, tokens, reporter);
  Tensor logits = Linear(checkpoint.head, SliceRows(features, 0, 1));
  if (checkpoint.distillation_head.has_value() && features.rows == 2) {
    AddInPlace(Linear(*checkpoint.distillation_head, SliceRows(features, 1, 1)),
               logits);
    for (float& logit : logits.values) logit /= 2;
  }
  reporter.Report("logits", logits);
  return std::move(logits.values);
}

std::vector<float> Forward(const Checkpoint& checkpoint,
                           absl::Span<const uint8_t> pixels,
                           ActivationObserver* observer) {
  Tensor tokens = EmbedImage(checkpoint, pixels, observer);
  for (int block = 0; block < checkpoint.config.depth; ++block) {
    tokens = RunAttention(checkpoint, block, tokens, observer);
    tokens = RunMlp(checkpoint, block, tokens, observer);
  }
  return ClassifyTokens(checkpoint, tokens, observer);
}

}  // namespace moevit
