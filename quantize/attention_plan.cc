// What attention's codes stand for: the scales of q, k, v and of their mixture,
// and the levels of the softmax.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "absl/types/span.h"
#include "kernels/arith/attention.h"
#include "quantize/float_ops.h"
#include "quantize/merged_statistics.h"
#include "quantize/model_quantizer.h"

namespace moevit {
namespace {

// The deviations matter where there are few tokens: of many, some lie further
// out.
constexpr RangeMargin kValueMargin = {.factor = 1.2, .deviations = 3.0};
constexpr RangeMargin kMixtureMargin = {.factor = 1.0, .deviations = 3.0};

// Images on which candidate levels are compared.
constexpr int kLevelSearchImages = 16;

// Columns of one head: part 0 is q, 1 is k, 2 is v.
Tensor HeadColumns(const Tensor& qkv, int part, int head, int head_width) {
  const int width = qkv.channels / 3;
  Tensor columns(qkv.rows, head_width);
  for (int row = 0; row < qkv.rows; ++row) {
    const absl::Span<const float> from =
        qkv.row(row).subspan(part * width + head * head_width, head_width);
    std::copy(from.begin(), from.end(), columns.row(row).begin());
  }
  return columns;
}

// The rows of AttentionScores' result that belong to one head.
Tensor HeadScores(const Tensor& scores, int head) {
  return SliceRows(scores, head * scores.channels, scores.channels);
}

// Scores of all heads -> what integer attention mixes, [tokens, width].
Tensor Mix(const std::vector<AttentionLevels>& levels, const Tensor& scores,
           const Tensor& qkv) {
  Tensor probabilities(scores.rows, scores.channels);
  auto next = probabilities.values.begin();
  for (size_t head = 0; head < levels.size(); ++head) {
    const Tensor quantized = QuantizedSoftmax(
        levels[head], HeadScores(scores, static_cast<int>(head)));
    next = std::copy(quantized.values.begin(), quantized.values.end(), next);
  }
  return MixValues(probabilities, qkv, static_cast<int>(levels.size()));
}

double SquaredDistance(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    const double difference = a.values[i] - b.values[i];
    sum += difference * difference;
  }
  return sum;
}

// The squared errors of the mixed values that each of the levels causes, by
// head and candidate.
Sums MixingErrors(const std::vector<AttentionLevels>& candidates,
                  const Tensor& qkv, int heads) {
  Sums errors;
  const int head_width = qkv.channels / 3 / heads;
  const Tensor scores = AttentionScores(qkv, heads);
  for (int head = 0; head < heads; ++head) {
    const Tensor head_scores = HeadScores(scores, head);
    // A model of one head that has only v: what is mixed.
    Tensor values(qkv.rows, 3 * head_width);
    const Tensor v = HeadColumns(qkv, 2, head, head_width);
    for (int row = 0; row < v.rows; ++row) {
      std::copy(v.row(row).begin(), v.row(row).end(),
                values.row(row).begin() + 2 * head_width);
    }
    Tensor exact = head_scores;
    SoftmaxRows(exact);
    const Tensor target = MixValues(exact, values, 1);
    for (const AttentionLevels& levels : candidates) {
      errors.values.push_back(SquaredDistance(
          target, MixValues(QuantizedSoftmax(levels, head_scores), values, 1)));
    }
  }
  return errors;
}

}  // namespace

ModelQuantizer::AttentionPlan ModelQuantizer::PlanAttention(
    ValueId norm, const QuantizedLinear& qkv) {
  AttentionPlan plan;
  const int rows = config_.tokens();
  const ChannelStatistics outputs =
      images_.Reduce<ChannelStatistics>([&](int image) {
        const Tensor real =
            qkv.Outputs(images_.value(image, norm).codes.data(), rows);
        ChannelStatistics statistics(real.channels);
        statistics.Add(real);
        return statistics;
      });
  plan.qkv = UniformScale(1.0, 3 * config_.width);
  ScaleQueriesAndKeys(outputs, &plan.qkv);
  plan.levels = ChooseLevels(norm, qkv, plan.qkv);
  const ChannelStatistics mixed =
      images_.Reduce<ChannelStatistics>([&](int image) {
        const Tensor real = RealQkv(image, norm, qkv, plan.qkv);
        ChannelStatistics statistics(config_.width);
        statistics.Add(
            Mix(plan.levels, AttentionScores(real, config_.heads), real));
        return statistics;
      });
  ScaleValues(outputs, mixed, &plan);
  plan.output_mean = mixed.means();
  return plan;
}

void ModelQuantizer::ScaleQueriesAndKeys(const ChannelStatistics& qkv,
                                         CodeScale* scale) const {
  const int head_width = config_.head_width();
  for (int head = 0; head < config_.heads; ++head) {
    const int q = head * head_width;
    const int k = q + config_.width;
    std::vector<Range> queries;
    std::vector<Range> keys;
    for (int c = 0; c < head_width; ++c) {
      queries.push_back(ChannelRange(qkv, q + c, {}));
      keys.push_back(ChannelRange(qkv, k + c, {}));
    }
    // Scores are symmetric around 0 in both, so both codes are: a centre in
    // the keys adds the same to all scores of a query, which softmax ignores.
    double product = 0;  // the largest of one channel's q times k
    double widest_q = 0;
    double widest_k = 0;
    auto magnitude = [](const Range& range) {
      return std::max({std::abs(range.low), std::abs(range.high), 1e-6});
    };
    for (int c = 0; c < head_width; ++c) {
      const double key = techniques_.per_channel_qkv
                             ? std::max(keys[c].half_width(), 1e-6)
                             : magnitude(keys[c]);
      widest_q = std::max(widest_q, magnitude(queries[c]));
      widest_k = std::max(widest_k, key);
      product = std::max(product, magnitude(queries[c]) * key);
    }
    for (int c = 0; c < head_width; ++c) {
      if (!techniques_.per_channel_qkv) {
        scale->scale[q + c] = widest_q / 127;
        scale->scale[k + c] = widest_k / 127;
        continue;
      }
      // q is multiplied and k divided by the same number: exact, and it gives
      // both the same share of their range.
      const double key = std::max(keys[c].half_width(), 1e-6);
      const double balance = std::sqrt(magnitude(queries[c]) / key);
      scale->scale[q + c] = std::sqrt(product) * balance / 127;
      scale->scale[k + c] = std::sqrt(product) / balance / 127;
      scale->centre[k + c] = keys[c].centre();
    }
  }
}

Tensor ModelQuantizer::RealQkv(int image, ValueId norm,
                               const QuantizedLinear& qkv,
                               const CodeScale& scale) const {
  Tensor real =
      qkv.Outputs(images_.value(image, norm).codes.data(), config_.tokens());
  for (int row = 0; row < real.rows; ++row) {
    absl::Span<float> values = real.row(row);
    for (int c = 0; c < 2 * config_.width; ++c) {
      const double code =
          std::round((values[c] - scale.centre[c]) / scale.scale[c]);
      // The keys' centre does not come back: softmax ignores it.
      values[c] =
          static_cast<float>(std::clamp(code, -128.0, 127.0) * scale.scale[c]);
    }
  }
  return real;
}

std::vector<AttentionLevels> ModelQuantizer::ChooseLevels(
    ValueId norm, const QuantizedLinear& qkv, const CodeScale& scale) {
  const int bits = options_.attention_bits;
  const std::vector<double> steps = techniques_.search_attention_steps
                                        ? CandidateSteps(bits)
                                        : std::vector<double>{PlainStep(bits)};
  std::vector<AttentionLevels> candidates;
  candidates.reserve(steps.size());
  for (double step : steps) {
    candidates.push_back(LogarithmicLevels(bits, step));
  }
  if (candidates.size() == 1) {
    return std::vector<AttentionLevels>(config_.heads, candidates[0]);
  }
  const Sums errors = images_.Reduce<Sums>(
      std::min(images_.size(), kLevelSearchImages), [&](int image) {
        return MixingErrors(candidates, RealQkv(image, norm, qkv, scale),
                            config_.heads);
      });
  std::vector<AttentionLevels> best;
  for (int head = 0; head < config_.heads; ++head) {
    const auto first = errors.values.begin() + head * candidates.size();
    const auto smallest =
        std::min_element(first, first + static_cast<int>(candidates.size()));
    best.push_back(candidates[smallest - first]);
  }
  return best;
}

void ModelQuantizer::ScaleValues(const ChannelStatistics& qkv,
                                 const ChannelStatistics& mixed,
                                 AttentionPlan* plan) const {
  const int width = config_.width;
  const int head_width = config_.head_width();
  plan->output = UniformScale(1.0, width);
  double largest_value = 1e-6;
  for (int c = 2 * width; c < 3 * width; ++c) {
    largest_value =
        std::max({largest_value, std::abs(qkv.min(c)), std::abs(qkv.max(c))});
  }
  for (int head = 0; head < config_.heads; ++head) {
    double largest_mixed = 0;
    double widest_value = 0;
    for (int c = head * head_width; c < (head + 1) * head_width; ++c) {
      const int v = 2 * width + c;
      double centre = 0;
      double reach = largest_value;
      if (techniques_.per_channel_qkv) {
        // Rows of probabilities sum to 1, so a centre passes through
        // unchanged; that of the mixed values makes those symmetric.
        centre = ChannelRange(mixed, c, {}).centre();
        const Range values = ChannelRange(qkv, v, kValueMargin);
        reach = std::max({values.high - centre, centre - values.low, 1e-6});
      }
      plan->qkv.scale[v] = reach / 127;
      plan->qkv.centre[v] = centre;
      plan->output.centre[c] = centre;
      widest_value = std::max(widest_value, reach);
      const Range range = ChannelRange(
          mixed, c,
          techniques_.per_channel_qkv ? kMixtureMargin : RangeMargin());
      largest_mixed =
          std::max({largest_mixed, range.high - centre, centre - range.low});
    }
    // Never finer than the mixture itself: where all queries saw the same
    // mixture, its range would be nothing.
    const double reach =
        std::max(largest_mixed, std::ldexp(widest_value, -arith::kMixtureBits));
    for (int c = head * head_width; c < (head + 1) * head_width; ++c) {
      plan->output.scale[c] = reach / 127;
    }
  }
}

}  // namespace moevit
