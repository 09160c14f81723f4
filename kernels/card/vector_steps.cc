// The ops between the products that are one launch with constant parameters:
// layer norm, pooling and attention.

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "base/status_macros.h"
#include "kernels/card/card_step.h"
#include "kernels/card/kernel_limits.h"
#include "kernels/card/parameter_writer.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/word.h"
#include "program/program.h"

namespace moevit::card {
namespace {

class VectorStep : public CardStep {
 public:
  VectorStep(ValueId input, ValueId output,
             std::unique_ptr<CardBuffer> parameters)
      : input_(input), output_(output), parameters_(std::move(parameters)) {}

  absl::Status Run(const CardBatch& batch,
                   StepMemory& /*memory*/) const override {
    CardBuffer* const input = batch.values[input_];
    return batch.context->RunVector(parameters_.get(), input, input, input,
                                    batch.values[output_], batch.images);
  }

 private:
  const ValueId input_;
  const ValueId output_;
  const std::unique_ptr<CardBuffer> parameters_;
};

LoadedStep LoadVectorStep(ValueId input, ValueId output,
                          const ParameterWriter& writer,
                          const StepLoader& with) {
  MOEVIT_ASSIGN_OR_RETURN(std::unique_ptr<CardBuffer> parameters,
                          writer.Load(*with.context, VectorPort::kParameters));
  return std::make_unique<VectorStep>(input, output, std::move(parameters));
}

class AttentionStep : public CardStep {
 public:
  AttentionStep(ValueId input, ValueId output,
                std::unique_ptr<CardBuffer> parameters)
      : input_(input), output_(output), parameters_(std::move(parameters)) {}

  absl::Status Run(const CardBatch& batch,
                   StepMemory& /*memory*/) const override {
    return batch.context->RunAttention(batch.values[input_], parameters_.get(),
                                       batch.values[output_], batch.images);
  }

 private:
  const ValueId input_;
  const ValueId output_;
  const std::unique_ptr<CardBuffer> parameters_;
};

}  // namespace

LoadedStep LoadStep(const LayerNormOp& op, const StepLoader& with) {
  const Value& input = with.program->values[op.input];
  MOEVIT_RETURN_IF_ERROR(CheckVectorWidth(input.channels));
  hls::LayerNormHeader header = {};
  header.operation = hls::kLayerNorm;
  header.rows = input.rows;
  header.width = input.channels;
  header.shift = op.shift;
  header.epsilon_low = static_cast<uint32_t>(op.epsilon);
  header.epsilon_high = static_cast<uint32_t>(op.epsilon >> 32);
  std::vector<hls::NormConstants> constants(input.channels);
  for (int c = 0; c < input.channels; ++c) {
    constants[c] = {op.beta[c], op.gamma[c], 0};
  }
  ParameterWriter writer;
  writer.AddHeader(header);
  writer.Add(absl::MakeConstSpan(constants));
  return LoadVectorStep(op.input, op.output, writer, with);
}

LoadedStep LoadStep(const PoolOp& op, const StepLoader& with) {
  const Value& input = with.program->values[op.input];
  MOEVIT_RETURN_IF_ERROR(CheckVectorWidth(input.channels));
  hls::PoolHeader header = {};
  header.operation = hls::kPool;
  header.rows = input.rows;
  header.width = input.channels;
  header.is_int16 = input.type == ElementType::kInt16 ? 1 : 0;
  header.first_row = op.first_row;
  header.groups = op.groups;
  header.rows_per_group = op.rows_per_group;
  header.multiplier = op.multiplier;
  header.shift = op.shift;
  ParameterWriter writer;
  writer.AddHeader(header);
  return LoadVectorStep(op.input, op.output, writer, with);
}

LoadedStep LoadStep(const AttentionOp& op, const StepLoader& with) {
  const ValueLayout& output = with.layouts[op.output];
  const int head_width = output.group_channels;
  const int head_words = hls::CodeWords(head_width);
  hls::AttentionHeader header = {};
  header.rows = output.rows;
  header.heads = op.heads;
  header.head_width = head_width;
  header.head_words = head_words;
  header.levels = op.levels;
  MOEVIT_RETURN_IF_ERROR(CheckFits(header));
  ParameterWriter writer;
  writer.AddHeader(header);
  std::vector<hls::LevelConstants> levels(op.heads);
  for (int h = 0; h < op.heads; ++h) {
    levels[h] = {op.level_multiplier[h], op.level_shift[h]};
  }
  writer.Add(absl::MakeConstSpan(levels));
  for (int h = 0; h < op.heads; ++h) {
    writer.Add(absl::MakeConstSpan(op.numerators)
                   .subspan(size_t{1} * h * op.levels, op.levels));
  }
  for (int h = 0; h < op.heads; ++h) {
    std::vector<hls::OutputConstants> constants;
    for (int c = 0; c < head_words * hls::kWordCodes; ++c) {
      hls::OutputConstants& constant = constants.emplace_back();
      if (c >= head_width) continue;
      constant.multiplier = op.output_multiplier[h * head_width + c];
      constant.shift = op.output_shift[h * head_width + c];
    }
    writer.Add(absl::MakeConstSpan(constants));
  }
  MOEVIT_ASSIGN_OR_RETURN(
      std::unique_ptr<CardBuffer> parameters,
      writer.Load(*with.context, AttentionPort::kParameters));
  return std::make_unique<AttentionStep>(op.input, op.output,
                                         std::move(parameters));
}

}  // namespace moevit::card
