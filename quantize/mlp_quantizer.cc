// The second half of a block: one MLP, or the experts behind a gate.

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "kernels/arith/gate.h"
#include "kernels/reference/linear.h"
#include "quantize/fixed_point_constants.h"
#include "quantize/float_ops.h"
#include "quantize/merged_statistics.h"
#include "quantize/model_quantizer.h"

namespace moevit {
namespace {

struct ZeroPointScale {
  double scale = 1;
  int zero = 0;
};

// Activations, and the largest of what they are the activations of.
struct HiddenStatistics {
  ChannelStatistics after;
  LargestMagnitude before;

  void Merge(const HiddenStatistics& other) {
    after.Merge(other.after);
    before.Merge(other.before);
  }
};

// Codes for activations with 0 included: activation functions put much weight
// there. They also map most of what is negative to nearly nothing; a range of
// nearly nothing would be useless for inputs that are not so negative.
ZeroPointScale AsymmetricScale(const HiddenStatistics& hidden) {
  constexpr double kLeastShare = 1.0 / 64;
  const double low = std::min(hidden.after.SmallestMin(), 0.0);
  const double high = std::max(hidden.after.LargestMax(), 0.0);
  ZeroPointScale result;
  result.scale =
      std::max({high - low, kLeastShare * hidden.before.value, 1e-6}) / 255;
  result.zero =
      arith::Clamp(-128 - static_cast<int>(std::lround(low / result.scale)),
                   arith::kCodeMin, arith::kCodeMax);
  return result;
}

std::vector<int> TokensAt(const std::vector<int>& positions, int top_k) {
  std::vector<int> tokens;
  tokens.reserve(positions.size());
  for (int position : positions) tokens.push_back(position / top_k);
  return tokens;
}

}  // namespace

ValueId ModelQuantizer::QuantizeMlp(int block, ValueId residual) {
  const BlockWeights& weights = checkpoint_.blocks[block];
  const std::string name = BlockName(block);
  const Normalized norm =
      QuantizeLayerNorm(name + ".norm2", weights.norm2, residual);
  QuantizedMlp mlp =
      QuantizeOneMlp(weights.mlps[0], norm,
                     [this, &norm](int /*image*/) { return AllRows(norm.id); });
  const ValueId hidden = AddValue(name + ".mlp.hidden", ElementType::kCode,
                                  config_.tokens(), mlp.hidden_scale);
  AddOp(name + ".mlp.fc1",
        LinearOp{
            .input = norm.id, .output = hidden, .matrix = std::move(mlp.fc1)});
  Report(hidden, "int8 with zero point");
  images_.Release(norm.id);
  return AddToResidual(name + ".mlp.fc2", name + ".residual2", mlp.fc2, hidden,
                       residual);
}

ModelQuantizer::QuantizedMlp ModelQuantizer::QuantizeOneMlp(
    const MlpWeights& weights, const Normalized& norm, RowsOf rows_of) {
  const QuantizedLinear fc1 = QuantizeLinear(
      weights.fc1, NormInput(norm, rows_of), techniques_, images_.pool());
  const HiddenStatistics hidden = images_.Reduce<
      HiddenStatistics>([&](int image) {
    const std::vector<int> rows = rows_of(image);
    Tensor real = fc1.Outputs(GatherCodes(image, norm.id, rows).data(),
                              static_cast<int>(rows.size()));
    HiddenStatistics result{ChannelStatistics(real.channels), LargestOf(real)};
    Activate(config_.activation, real);
    result.after.Add(real);
    return result;
  });
  const ZeroPointScale code = AsymmetricScale(hidden);
  QuantizedMlp mlp;
  mlp.fc1 = {.matrix = ToMatrix(fc1, UniformScale(code.scale, fc1.out),
                                arith::kFineBits),
             .activation = MakeActivation(config_.activation, code.scale),
             .output_zero = code.zero};
  mlp.hidden_scale = UniformScale(code.scale, fc1.out);
  for (double& centre : mlp.hidden_scale.centre) {
    centre = -code.scale * code.zero;
  }
  mlp.fc2 =
      QuantizeLinear(weights.fc2,
                     {mlp.hidden_scale, HiddenMoments(mlp.fc1, norm, rows_of),
                      hidden.after.means()},
                     techniques_, images_.pool());
  return mlp;
}

CodeMoments ModelQuantizer::HiddenMoments(const CodeMatrix& fc1,
                                          const Normalized& norm,
                                          RowsOf rows_of) {
  const int width = fc1.matrix.out;
  return images_.Reduce<CodeMoments>([&](int image) {
    const std::vector<int> rows = rows_of(image);
    const std::vector<int8_t> input = GatherCodes(image, norm.id, rows);
    std::vector<int8_t> output(rows.size() * width);
    for (size_t row = 0; row < rows.size(); ++row) {
      reference::CodeRow(fc1, input.data() + row * fc1.matrix.in,
                         output.data() + row * width);
    }
    CodeMoments moments(width);
    moments.Add(output.data(), static_cast<int>(rows.size()));
    return moments;
  });
}

ValueId ModelQuantizer::QuantizeExperts(int block, ValueId residual) {
  const BlockWeights& weights = checkpoint_.blocks[block];
  const std::string name = BlockName(block);
  const int top_k = config_.moe.top_k;
  const Normalized norm =
      QuantizeLayerNorm(name + ".norm2", weights.norm2, residual);
  const ValueId routing = QuantizeGate(name, *weights.gate, norm);

  ExpertLinearOp first;
  std::vector<QuantizedLinear> second;
  std::vector<CodeScale> hidden_scales;
  ExpertReport experts{.block = block, .tokens = {}, .starved = {}};
  for (int expert = 0; expert < config_.moe.num_experts; ++expert) {
    int64_t tokens = 0;
    for (int image = 0; image < images_.size(); ++image) {
      tokens += PositionsOf(image, routing, expert).size();
    }
    const bool starved = tokens < options_.min_expert_tokens;
    experts.tokens.push_back(tokens);
    if (starved) experts.starved.push_back(expert);
    QuantizedMlp mlp =
        QuantizeOneMlp(weights.mlps[expert], norm, [&](int image) {
          if (starved) return AllRows(norm.id);
          return TokensAt(PositionsOf(image, routing, expert), top_k);
        });
    first.experts.push_back(std::move(mlp.fc1));
    second.push_back(std::move(mlp.fc2));
    hidden_scales.push_back(std::move(mlp.hidden_scale));
  }
  report_.experts.push_back(std::move(experts));

  // Experts have scales of their own; the value's is the first one's, for its
  // number of channels.
  const ValueId hidden = AddValue(name + ".mlp.hidden", ElementType::kCode,
                                  config_.tokens() * top_k, hidden_scales[0]);
  first.input = norm.id;
  first.routing = routing;
  first.output = hidden;
  AddOp(name + ".mlp.htoh4", std::move(first));
  images_.Release(norm.id);
  return CombineExperts(name, second, hidden, routing, residual);
}

ValueId ModelQuantizer::CombineExperts(
    const std::string& name, const std::vector<QuantizedLinear>& experts,
    ValueId hidden, ValueId routing, ValueId residual) {
  const ResidualStatistics statistics =
      images_.Reduce<ResidualStatistics>([&](int image) {
        return CombinedStatistics(image, experts, hidden, routing, residual);
      });
  const ChannelStatistics& sum = statistics.sum;
  ExpertCombineOp op;
  op.residual_shift = ResidualShift(residual, statistics.Largest());
  const CodeScale scale = UniformScale(
      std::ldexp(ResidualScale(residual), op.residual_shift), config_.width);
  const ValueId output = AddValue(name + ".residual2", ElementType::kInt16,
                                  config_.tokens(), scale);
  op.input = hidden;
  op.routing = routing;
  op.residual = residual;
  op.output = output;
  for (const QuantizedLinear& expert : experts) {
    op.experts.push_back(ToMatrix(expert, scale, 0));
  }
  AddOp(name + ".mlp.h4toh", std::move(op));
  Report(name + ".residual2", "int16", sum.SmallestMin(), sum.LargestMax());
  for (ValueId id : {hidden, routing, residual}) images_.Release(id);
  return output;
}

ResidualStatistics ModelQuantizer::CombinedStatistics(
    int image, const std::vector<QuantizedLinear>& experts, ValueId hidden,
    ValueId routing, ValueId residual) const {
  Tensor sum = Real(image, residual);
  ResidualStatistics result{ChannelStatistics(sum.channels), {}};
  const int top_k = config_.moe.top_k;
  for (size_t expert = 0; expert < experts.size(); ++expert) {
    const std::vector<int> positions =
        PositionsOf(image, routing, static_cast<int>(expert));
    const Tensor output =
        experts[expert].Outputs(GatherCodes(image, hidden, positions).data(),
                                static_cast<int>(positions.size()));
    result.addend.Merge(LargestOf(output));
    for (size_t i = 0; i < positions.size(); ++i) {
      const float weight =
          std::ldexp(static_cast<float>(
                         images_.value(image, routing).weights[positions[i]]),
                     -arith::kGateWeightBits);
      const absl::Span<const float> from = output.row(static_cast<int>(i));
      const absl::Span<float> to = sum.row(positions[i] / top_k);
      for (size_t c = 0; c < to.size(); ++c) to[c] += weight * from[c];
    }
  }
  result.sum.Add(sum);
  return result;
}

std::vector<int> ModelQuantizer::PositionsOf(int image, ValueId routing,
                                             int expert) const {
  const std::vector<int>& experts = images_.value(image, routing).experts;
  std::vector<int> positions;
  for (size_t i = 0; i < experts.size(); ++i) {
    if (experts[i] == expert) positions.push_back(static_cast<int>(i));
  }
  return positions;
}

}  // namespace moevit
