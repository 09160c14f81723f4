// Self-attention and the two linear layers around it, as attention_plan.cc
// plans them.

#include <cmath>
#include <string>
#include <utility>

#include "kernels/arith/attention.h"
#include "quantize/fixed_point_constants.h"
#include "quantize/merged_statistics.h"
#include "quantize/model_quantizer.h"

namespace moevit {
namespace {

constexpr int64_t kLargestMixture = int64_t{128} << arith::kMixtureBits;

// Of two scores of one query.
int64_t LargestScoreGap(int head_width) {
  return int64_t{2} * head_width * 128 * 128;
}

}  // namespace

ValueId ModelQuantizer::QuantizeAttention(int block, ValueId residual) {
  const BlockWeights& weights = checkpoint_.blocks[block];
  const std::string name = BlockName(block);
  const Normalized norm =
      QuantizeLayerNorm(name + ".norm1", weights.norm1, residual);
  const QuantizedLinear qkv =
      QuantizeLinear(weights.qkv, NormInput(norm), techniques_, images_.pool());
  const AttentionPlan plan = PlanAttention(norm.id, qkv);

  const ValueId codes = AddValue(name + ".attn.qkv", ElementType::kCode,
                                 config_.tokens(), plan.qkv);
  AddOp(name + ".attn.qkv",
        LinearOp{.input = norm.id,
                 .output = codes,
                 .matrix = {.matrix = ToMatrix(qkv, plan.qkv, arith::kFineBits),
                            .activation = {},
                            .output_zero = 0}});
  Report(codes,
         techniques_.per_channel_qkv ? "int8 per channel" : "int8 per tensor");
  const ValueId mixed = AddValue(name + ".attn.mixed", ElementType::kCode,
                                 config_.tokens(), plan.output);
  AddOp(name + ".attn", MakeAttention(plan, codes, mixed));
  Report(mixed, options_.attention_bits == 4 ? "int8, softmax 4 bit"
                                             : "int8, softmax 8 bit");
  AttentionReport attention{.block = block, .steps_per_octave = {}};
  for (const AttentionLevels& levels : plan.levels) {
    attention.steps_per_octave.push_back(levels.steps_per_octave);
  }
  report_.attention.push_back(std::move(attention));
  images_.Release(norm.id);
  images_.Release(codes);

  const QuantizedLinear proj = QuantizeLinear(
      weights.proj, MixedInput(plan, mixed), techniques_, images_.pool());
  return AddToResidual(name + ".attn.proj", name + ".residual1", proj, mixed,
                       residual);
}

LinearInput ModelQuantizer::MixedInput(const AttentionPlan& plan,
                                       ValueId mixed) {
  const int rows = config_.tokens();
  const InputStatistics statistics =
      images_.Reduce<InputStatistics>([&](int image) {
        InputStatistics result{CodeMoments(config_.width), ChannelStatistics()};
        result.codes.Add(images_.value(image, mixed).codes.data(), rows);
        return result;
      });
  return {plan.output, statistics.codes, plan.output_mean};
}

AttentionOp ModelQuantizer::MakeAttention(const AttentionPlan& plan,
                                          ValueId input, ValueId output) const {
  AttentionOp op;
  op.input = input;
  op.output = output;
  op.heads = config_.heads;
  op.levels = static_cast<int>(plan.levels[0].numerators.size());
  const int head_width = config_.head_width();
  for (int head = 0; head < config_.heads; ++head) {
    const AttentionLevels& levels = plan.levels[head];
    // Every channel of a head has the same product of q's and k's scale.
    const int q = head * head_width;
    const double score_unit = plan.qkv.scale[q] *
                              plan.qkv.scale[config_.width + q] /
                              std::sqrt(head_width);
    const arith::Rescale rescale =
        MakeRescale(std::ldexp(score_unit * M_LOG2E * levels.steps_per_octave,
                               arith::kFineBits),
                    LargestScoreGap(head_width));
    op.level_multiplier.push_back(rescale.multiplier);
    op.level_shift.push_back(rescale.shift);
    op.numerators.insert(op.numerators.end(), levels.numerators.begin(),
                         levels.numerators.end());
  }
  for (int c = 0; c < config_.width; ++c) {
    const double ratio =
        plan.qkv.scale[2 * config_.width + c] / plan.output.scale[c];
    const arith::Rescale rescale =
        MakeRescale(std::ldexp(ratio, arith::kFineBits - arith::kMixtureBits),
                    kLargestMixture);
    op.output_multiplier.push_back(rescale.multiplier);
    op.output_shift.push_back(rescale.shift);
  }
  return op;
}

}  // namespace moevit
