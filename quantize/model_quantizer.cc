#include "quantize/model_quantizer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "quantize/float_ops.h"
#include "quantize/merged_statistics.h"

namespace moevit {
namespace {

// An int16 residual stream takes up to 16384 units from a layer in one go
// (arith::Apply saturates there at the earliest); calibration sees most, not
// all, of what can come.
constexpr double kResidualUnits = 32767 / 2.5;

// The most that VerifyProgram admits; nothing is left of an int16 then.
constexpr int kMaxResidualShift = 15;

int StepCount(const ModelConfig& config) {
  int steps = 1;  // patch embedding
  for (int block = 0; block < config.depth; ++block) {
    steps += config.IsSparse(block) ? 8 : 7;
  }
  return steps + 3;  // pooling, norm, head
}

}  // namespace

ModelQuantizer::ModelQuantizer(const Checkpoint& checkpoint,
                               std::vector<std::vector<uint8_t>> pixels,
                               const QuantizeOptions& options, ThreadPool* pool)
    : checkpoint_(checkpoint),
      config_(checkpoint.config),
      options_(options),
      techniques_(Both(Techniques::Of(options.scheme), options.allowed)),
      images_(&program_, std::move(pixels), pool),
      progress_({.label = "quantizing",
                 .unit = "layers",
                 .total = StepCount(checkpoint.config),
                 .sink = options.progress_sink}) {
  program_.image_size = config_.image_size;
  program_.channels = config_.channels;
  program_.classes = config_.num_classes;
  report_.scheme = DescribeScheme(options.scheme, options.allowed);
  report_.attention_bits = options.attention_bits;
  report_.images = images_.size();
}

void ModelQuantizer::Run() {
  ValueId residual = QuantizeEmbedding();
  for (int block = 0; block < config_.depth; ++block) {
    residual = QuantizeAttention(block, residual);
    residual = config_.IsSparse(block) ? QuantizeExperts(block, residual)
                                       : QuantizeMlp(block, residual);
  }
  QuantizeHead(residual);
}

ValueId ModelQuantizer::AddValue(const std::string& name, ElementType type,
                                 int rows, CodeScale scale) {
  program_.values.push_back({name, type, rows, scale.channels()});
  scales_.push_back(std::move(scale));
  return static_cast<ValueId>(program_.values.size()) - 1;
}

void ModelQuantizer::AddOp(const std::string& name, OpVariant body) {
  program_.ops.push_back({name, std::move(body)});
  images_.Run(program_.ops.back());
  progress_.Advance();
}

std::string ModelQuantizer::BlockName(int block) {
  return absl::StrCat("blocks.", block);
}

void ModelQuantizer::Report(const std::string& name, const std::string& scheme,
                            double min, double max) {
  report_.layers.push_back({name, scheme, min, max, 0.0});
}

void ModelQuantizer::Report(ValueId id, const std::string& scheme) {
  const ChannelStatistics real =
      images_.Reduce<ChannelStatistics>([&](int image) {
        ChannelStatistics statistics(program_.values[id].channels);
        statistics.Add(Real(image, id));
        return statistics;
      });
  Report(program_.values[id].name, scheme, real.SmallestMin(),
         real.LargestMax());
}

Tensor ModelQuantizer::ToReal(ValueId id,
                              const reference::ValueData& data) const {
  const Value& value = program_.values[id];
  if (value.type == ElementType::kCode) {
    return scales_[id].ToReal(data.codes.data(), value.rows);
  }
  Tensor real(value.rows, value.channels);
  for (size_t i = 0; i < real.values.size(); ++i) {
    real.values[i] = static_cast<float>(ResidualScale(id) * data.wide[i]);
  }
  return real;
}

Tensor ModelQuantizer::Real(int image, ValueId id) const {
  return ToReal(id, images_.value(image, id));
}

CodeScale ModelQuantizer::FirstResidualScale(double largest) const {
  // Below the root of its epsilon a layer norm sees nothing.
  const double smallest = std::sqrt(config_.layer_norm_epsilon);
  return UniformScale(std::max(largest, smallest) / kResidualUnits,
                      config_.width);
}

int ModelQuantizer::ResidualShift(ValueId residual, double largest) const {
  const double units = largest / ResidualScale(residual);
  int shift = 0;
  while (shift < kMaxResidualShift &&
         units > std::ldexp(kResidualUnits, shift)) {
    ++shift;
  }
  return shift;
}

ValueId ModelQuantizer::AddToResidual(const std::string& op_name,
                                      const std::string& value_name,
                                      const QuantizedLinear& linear,
                                      ValueId codes, ValueId residual) {
  const int rows = program_.values[codes].rows;
  const ResidualStatistics statistics =
      images_.Reduce<ResidualStatistics>([&](int image) {
        Tensor real = Real(image, residual);
        const Tensor addend =
            linear.Outputs(images_.value(image, codes).codes.data(), rows);
        ResidualStatistics result{ChannelStatistics(real.channels),
                                  LargestOf(addend)};
        AddInPlace(addend, real);
        result.sum.Add(real);
        return result;
      });
  const ChannelStatistics& sum = statistics.sum;
  const int shift = ResidualShift(residual, statistics.Largest());
  const CodeScale scale =
      UniformScale(std::ldexp(ResidualScale(residual), shift), config_.width);
  const ValueId output = AddValue(value_name, ElementType::kInt16, rows, scale);
  AddOp(op_name, LinearAddOp{.input = codes,
                             .residual = residual,
                             .output = output,
                             .residual_shift = shift,
                             .matrix = ToMatrix(linear, scale, 0)});
  Report(value_name, "int16", sum.SmallestMin(), sum.LargestMax());
  images_.Release(codes);
  images_.Release(residual);
  return output;
}

}  // namespace moevit
