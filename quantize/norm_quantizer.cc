// Layer norms: the first stage of the dual-stage scheme, a range per channel.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "kernels/arith/layer_norm.h"
#include "quantize/fixed_point_constants.h"
#include "quantize/float_ops.h"
#include "quantize/merged_statistics.h"
#include "quantize/model_quantizer.h"

namespace moevit {
namespace {

// A normalized channel has a variance of about 1 before its gamma. That matters
// where few rows are normalized: the last norm of a model that classifies one
// token sees one row per calibration image.
RangeMargin NormMargin(double gamma) {
  return {.factor = 1.2,
          .deviations = 4.0,
          .expected_deviation = std::abs(gamma),
          .expectation_rows = 1.0};
}

// All rows, and the class and distillation tokens alone: those are few and
// distributed differently, so a margin must be taken around them too.
struct NormStatistics {
  ChannelStatistics all;
  ChannelStatistics prefix;

  void Merge(const NormStatistics& other) {
    all.Merge(other.all);
    prefix.Merge(other.prefix);
  }
};

// Integer affine constants: normalized * gamma / scale + (beta - centre) /
// scale, with as many fraction bits as 16-bit gammas and 32-bit sums allow.
void SetAffine(const LayerNormWeights& weights, const CodeScale& scale,
               LayerNormOp* op) {
  constexpr double kUnit = 1 << arith::kNormalizedBits;
  constexpr double kMaxSum = 1 << 30;
  const int width = scale.channels();
  std::vector<double> gamma(width);
  std::vector<double> beta(width);
  double largest_gamma = 1e-9;
  double largest_sum = 1e-9;
  for (int c = 0; c < width; ++c) {
    gamma[c] = weights.gamma[c] / scale.scale[c] / kUnit;
    beta[c] = (weights.beta[c] - scale.centre[c]) / scale.scale[c];
    largest_gamma = std::max(largest_gamma, std::abs(gamma[c]));
    largest_sum = std::max(largest_sum,
                           std::abs(gamma[c]) * 32768 + std::abs(beta[c]) + 1);
  }
  op->shift = 24;
  while (op->shift > 0 && (std::ldexp(largest_gamma, op->shift) > 32767 ||
                           std::ldexp(largest_sum, op->shift) > kMaxSum)) {
    --op->shift;
  }
  for (int c = 0; c < width; ++c) {
    op->gamma.push_back(RoundTo<int16_t>(std::ldexp(gamma[c], op->shift)));
    op->beta.push_back(RoundTo<int32_t>(std::ldexp(beta[c], op->shift)));
  }
}

}  // namespace

ModelQuantizer::Normalized ModelQuantizer::QuantizeLayerNorm(
    const std::string& name, const LayerNormWeights& weights, ValueId input) {
  Normalized norm{.id = 0, .input = input, .weights = &weights};
  const int rows = program_.values[input].rows;
  const int prefix_rows =
      rows == config_.tokens() ? config_.prefix_tokens() : 0;
  const NormStatistics statistics =
      images_.Reduce<NormStatistics>([&](int image) {
        const Tensor real = RealNormalized(image, norm);
        NormStatistics result{ChannelStatistics(real.channels),
                              ChannelStatistics(real.channels)};
        result.all.Add(real);
        result.prefix.Add(real, 0, prefix_rows);
        return result;
      });
  const CodeScale scale = NormScale(weights, statistics.all, statistics.prefix);
  norm.id = AddValue(name, ElementType::kCode, rows, scale);
  LayerNormOp op;
  op.input = input;
  op.output = norm.id;
  const double width = scale.channels();
  const double unit = width / ResidualScale(input);
  op.epsilon = static_cast<uint64_t>(
      std::clamp(config_.layer_norm_epsilon * unit * unit, 1.0, 0x1p56));
  SetAffine(weights, scale, &op);
  AddOp(name, std::move(op));
  Report(name,
         techniques_.per_channel_norm ? "int8 per channel" : "int8 per tensor",
         statistics.all.SmallestMin(), statistics.all.LargestMax());
  return norm;
}

CodeScale ModelQuantizer::NormScale(const LayerNormWeights& weights,
                                    const ChannelStatistics& all,
                                    const ChannelStatistics& prefix) const {
  CodeScale scale;
  for (int c = 0; c < all.channels(); ++c) {
    Range range = {all.SmallestMin(), all.LargestMax()};
    if (techniques_.per_channel_norm) {
      const RangeMargin margin = NormMargin(weights.gamma[c]);
      range = ChannelRange(all, c, margin);
      if (prefix.rows() > 0) {
        const Range other = ChannelRange(prefix, c, margin);
        range = {std::min(range.low, other.low),
                 std::max(range.high, other.high)};
      }
    }
    scale.scale.push_back(ScaleOf(range));
    scale.centre.push_back(range.centre());
  }
  return scale;
}

Tensor ModelQuantizer::RealNormalized(int image, const Normalized& norm) const {
  return LayerNorm(*norm.weights, config_.layer_norm_epsilon,
                   Real(image, norm.input));
}

LinearInput ModelQuantizer::NormInput(const Normalized& norm, RowsOf rows_of) {
  const InputStatistics statistics =
      images_.Reduce<InputStatistics>([&](int image) {
        const std::vector<int> rows = rows_of(image);
        const Tensor real = GatherRows(RealNormalized(image, norm), rows);
        const std::vector<int8_t> codes = GatherCodes(image, norm.id, rows);
        InputStatistics result{CodeMoments(real.channels),
                               ChannelStatistics(real.channels)};
        result.codes.Add(codes.data(), real.rows);
        result.real.Add(real);
        return result;
      });
  return {scales_[norm.id], statistics.codes, statistics.real.means()};
}

LinearInput ModelQuantizer::NormInput(const Normalized& norm) {
  return NormInput(norm,
                   [this, &norm](int /*image*/) { return AllRows(norm.id); });
}

std::vector<int> ModelQuantizer::AllRows(ValueId id) const {
  std::vector<int> rows(program_.values[id].rows);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

std::vector<int8_t> ModelQuantizer::GatherCodes(
    int image, ValueId id, const std::vector<int>& rows) const {
  const int channels = program_.values[id].channels;
  const int8_t* codes = images_.value(image, id).codes.data();
  std::vector<int8_t> gathered;
  gathered.reserve(rows.size() * channels);
  for (int row : rows) {
    const int8_t* first = codes + int64_t{row} * channels;
    gathered.insert(gathered.end(), first, first + channels);
  }
  return gathered;
}

}  // namespace moevit
