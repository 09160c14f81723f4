// Pooling, the last norm and the classifier.

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "quantize/fixed_point_constants.h"
#include "quantize/merged_statistics.h"
#include "quantize/model_quantizer.h"

namespace moevit {

void ModelQuantizer::QuantizeHead(ValueId residual) {
  // A norm looks at one token at a time: where tokens are selected, that may
  // come first and saves most of its work. A mean may not be swapped with it.
  if (config_.pooling == Pooling::kMean && checkpoint_.norm) {
    const Normalized norm =
        QuantizeLayerNorm("norm", *checkpoint_.norm, residual);
    const ValueId pooled = PoolCodes(norm.id);
    images_.Release(norm.id);
    QuantizeClassifier(pooled, {PooledInput(norm, pooled)});
    return;
  }
  const ValueId pooled = PoolTokens(residual);
  const LayerNormWeights& weights =
      checkpoint_.norm ? *checkpoint_.norm : *checkpoint_.pooled_norm;
  const Normalized norm = QuantizeLayerNorm("norm", weights, pooled);
  const int rows = program_.values[pooled].rows;
  std::vector<LinearInput> inputs;
  inputs.reserve(rows);
  for (int row = 0; row < rows; ++row) {
    inputs.push_back(NormInput(
        norm, [row](int /*image*/) { return std::vector<int>{row}; }));
  }
  QuantizeClassifier(norm.id, inputs);
}

ValueId ModelQuantizer::PoolTokens(ValueId residual) {
  PoolOp op;
  op.input = residual;
  if (config_.pooling == Pooling::kMean) {
    op.first_row = config_.prefix_tokens();
    op.rows_per_group = config_.tokens() - op.first_row;
  } else {
    op.groups = config_.prefix_tokens();
  }
  const arith::Rescale rescale =
      MakeRescale(1.0 / op.rows_per_group, int64_t{op.rows_per_group} << 15);
  op.multiplier = rescale.multiplier;
  op.shift = rescale.shift;
  op.output =
      AddValue("pooled", ElementType::kInt16, op.groups, scales_[residual]);
  const ValueId pooled = op.output;
  AddOp("pool", op);
  images_.Release(residual);
  return pooled;
}

ValueId ModelQuantizer::PoolCodes(ValueId norm) {
  const int first = config_.prefix_tokens();
  const int count = config_.tokens() - first;
  const int width = config_.width;
  const LargestMagnitude largest_mean =
      images_.Reduce<LargestMagnitude>([&](int image) {
        const int8_t* codes = images_.value(image, norm).codes.data();
        LargestMagnitude largest;
        for (int c = 0; c < width; ++c) {
          double sum = 0;
          for (int row = first; row < first + count; ++row) {
            sum += codes[int64_t{row} * width + c];
          }
          largest.value = std::max(largest.value, std::abs(sum) / count);
        }
        return largest;
      });
  // Means spread less than tokens do: let their codes use the whole range.
  constexpr double kHeadroom = 1.1;
  const double gain = 127 / std::max(1.0, kHeadroom * largest_mean.value);
  CodeScale scale = scales_[norm];
  for (double& s : scale.scale) s /= gain;
  PoolOp op;
  op.input = norm;
  op.first_row = first;
  op.rows_per_group = count;
  const arith::Rescale rescale = MakeRescale(
      std::ldexp(gain / count, arith::kFineBits), int64_t{count} << 15);
  op.multiplier = rescale.multiplier;
  op.shift = rescale.shift;
  op.output = AddValue("pooled", ElementType::kCode, 1, std::move(scale));
  const ValueId pooled = op.output;
  AddOp("pool", op);
  return pooled;
}

LinearInput ModelQuantizer::PooledInput(const Normalized& norm,
                                        ValueId pooled) {
  const int first = config_.prefix_tokens();
  const InputStatistics statistics =
      images_.Reduce<InputStatistics>([&](int image) {
        const Tensor real = RealNormalized(image, norm);
        InputStatistics result{CodeMoments(real.channels),
                               ChannelStatistics(real.channels)};
        result.codes.Add(images_.value(image, pooled).codes.data(), 1);
        result.real.Add(real, first, real.rows - first);
        return result;
      });
  return {scales_[pooled], statistics.codes, statistics.real.means()};
}

void ModelQuantizer::QuantizeClassifier(
    ValueId features, const std::vector<LinearInput>& inputs) {
  std::vector<QuantizedLinear> heads;
  heads.push_back(
      QuantizeLinear(checkpoint_.head, inputs[0], techniques_, images_.pool()));
  if (checkpoint_.distillation_head) {
    heads.push_back(QuantizeLinear(*checkpoint_.distillation_head, inputs[1],
                                   techniques_, images_.pool()));
  }
  const ChannelStatistics logits =
      images_.Reduce<ChannelStatistics>([&](int image) {
        ChannelStatistics statistics(config_.num_classes);
        const int8_t* codes = images_.value(image, features).codes.data();
        for (const QuantizedLinear& head : heads) {
          statistics.Add(head.Outputs(codes, 1));
          codes += head.in;
        }
        return statistics;
      });
  // Unseen images may have larger logits, and arith::Apply saturates at half of
  // what 16 bits hold: four times the largest seen.
  constexpr double kLogitUnits = 32767 / 8.0;
  const double unit = std::max(logits.LargestMagnitude(), 1e-6) / kLogitUnits;
  HeadOp op;
  op.input = features;
  for (const QuantizedLinear& head : heads) {
    op.matrices.push_back(
        ToMatrix(head, UniformScale(unit, config_.num_classes), 0));
  }
  // Two heads are averaged.
  program_.logit_scale = unit / static_cast<double>(heads.size());
  AddOp("head", std::move(op));
  Report("logits", "int32", logits.SmallestMin(), logits.LargestMax());
}

}  // namespace moevit
