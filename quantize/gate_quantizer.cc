// The gate of a sparse block.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kernels/arith/gate.h"
#include "quantize/fixed_point_constants.h"
#include "quantize/model_quantizer.h"

namespace moevit {
namespace {

// Gate logits decide which experts run, so the gate's weights are 16 bit: they
// are few. Differences of accumulators must fit 31 bits.
constexpr double kMaxGateWeight = 32767;
constexpr double kMaxGateAccumulator = 1 << 29;

// The real value of one unit of the gate's weights and accumulators: the
// smallest for which both fit.
double LogitUnit(const LinearWeights& gate, const CodeScale& input) {
  double largest_weight = 1e-9;
  double largest_sum = 1e-9;
  for (int e = 0; e < gate.out; ++e) {
    double sum = std::abs(gate.bias[e]);
    for (int k = 0; k < gate.in; ++k) {
      const double weight =
          std::abs(gate.weight[int64_t{e} * gate.in + k]) * input.scale[k];
      largest_weight = std::max(largest_weight, weight);
      sum += weight * 128 +
             std::abs(gate.weight[int64_t{e} * gate.in + k] * input.centre[k]);
    }
    largest_sum = std::max(largest_sum, sum);
  }
  return std::max(largest_weight / kMaxGateWeight,
                  largest_sum / kMaxGateAccumulator);
}

}  // namespace

ValueId ModelQuantizer::QuantizeGate(const std::string& name,
                                     const LinearWeights& gate,
                                     const Normalized& norm) {
  const LinearInput input = NormInput(norm);
  const std::vector<double> mean_code = input.moments.Mean();
  const double unit = LogitUnit(gate, input.scale);
  GateOp op;
  op.experts = gate.out;
  op.top_k = config_.moe.top_k;
  op.softmax_before_top_k =
      config_.moe.gate_order == GateOrder::kSoftmaxThenTopK;
  for (int e = 0; e < gate.out; ++e) {
    const float* row = gate.weight.data() + int64_t{e} * gate.in;
    double bias = gate.bias[e];
    for (int k = 0; k < gate.in; ++k) {
      const int16_t weight =
          RoundTo<int16_t>(row[k] * input.scale.scale[k] / unit);
      op.weight.push_back(weight);
      bias += techniques_.correct_bias
                  ? row[k] * input.real_mean[k] - weight * unit * mean_code[k]
                  : row[k] * input.scale.centre[k];
    }
    op.bias.push_back(RoundTo<int32_t>(bias / unit));
  }
  const WideRescale octaves =
      MakeWideRescale(std::ldexp(unit * M_LOG2E, arith::kOctaveBits));
  op.octave_multiplier = octaves.multiplier;
  op.octave_shift = octaves.shift;
  op.input = norm.id;
  op.output = AddValue(name + ".mlp.routing", ElementType::kRouting,
                       config_.tokens(), UniformScale(1.0, op.top_k));
  const ValueId routing = op.output;
  AddOp(name + ".mlp.gate", std::move(op));
  return routing;
}

}  // namespace moevit
