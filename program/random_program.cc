#include "program/random_program.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/arith/fixed_point.h"

namespace moevit {
namespace {

class Builder {
 public:
  explicit Builder(const RandomProgramOptions& options)
      : options_(options), random_(options.seed) {
    const int side = options.image_size / options.patch_size;
    patches_ = side * side;
    tokens_ = patches_ + options.prefix_tokens;
    program_.image_size = options.image_size;
    program_.channels = options.channels;
    program_.classes = options.classes;
  }

  Program Build() {
    ValueId residual = AddPatchEmbed();
    for (int block = 0; block < options_.depth; ++block) {
      const std::string name = absl::StrCat("blocks.", block);
      residual = AddAttention(name, residual);
      const bool sparse = options_.experts > 0 && block % 2 == 1;
      residual = sparse ? AddExperts(name, residual) : AddMlp(name, residual);
    }
    AddHead(residual);
    return std::move(program_);
  }

 private:
  int Uniform(int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random_);
  }

  template <typename T>
  std::vector<T> Vector(size_t size, int low, int high) {
    std::vector<T> values(size);
    for (T& value : values) value = static_cast<T>(Uniform(low, high));
    return values;
  }

  ValueId AddValue(const std::string& name, ElementType type, int rows,
                   int channels) {
    program_.values.push_back({name, type, rows, channels});
    return static_cast<ValueId>(program_.values.size()) - 1;
  }

  void AddOp(const std::string& name, OpVariant body) {
    program_.ops.push_back({name, std::move(body)});
  }

  // Rescales so that random inputs give fine values of about `deviation`.
  Matrix MakeMatrix(int in, int out, double deviation) {
    Matrix matrix;
    matrix.in = in;
    matrix.out = out;
    matrix.weight = Vector<int8_t>(size_t{1} * in * out, -127, 127);
    matrix.bias = Vector<int32_t>(out, -20000, 20000);
    matrix.multiplier = Vector<int16_t>(out, 1 << 14, (1 << 15) - 1);
    const double accumulator = std::sqrt(in) * 73 * 60;
    const int shift =
        static_cast<int>(std::lround(std::log2(accumulator / deviation)));
    matrix.shift = Vector<int8_t>(out, shift - 1, shift + 1);
    return matrix;
  }

  CodeMatrix MakeCodeMatrix(int in, int out, bool activation) {
    CodeMatrix result;
    result.matrix = MakeMatrix(in, out, 40 << arith::kFineBits);
    if (activation) {
      result.activation.present = true;
      result.activation.delta = Vector<uint8_t>(256, 0, 255);
      result.activation.index_shift = Uniform(4, 7);
      result.activation.delta_shift = Uniform(0, 3);
      result.output_zero = Uniform(-128, -90);
    }
    return result;
  }

  ValueId AddPatchEmbed() {
    const int width = options_.width;
    const ValueId output =
        AddValue("embedding", ElementType::kInt16, tokens_, width);
    const int in =
        options_.patch_size * options_.patch_size * options_.channels;
    AddOp("patch_embed",
          PatchEmbedOp{
              .output = output,
              .patch_size = options_.patch_size,
              .matrix = MakeMatrix(in, width, 4000),
              .prefix = Vector<int16_t>(
                  size_t{1} * options_.prefix_tokens * width, -9000, 9000),
              .positions =
                  Vector<int16_t>(size_t{1} * patches_ * width, -9000, 9000)});
    return output;
  }

  ValueId AddLayerNorm(const std::string& name, ValueId input) {
    const Value shape = program_.values[input];
    const ValueId output =
        AddValue(name, ElementType::kCode, shape.rows, shape.channels);
    AddOp(name,
          LayerNormOp{.input = input,
                      .output = output,
                      .epsilon = static_cast<uint64_t>(Uniform(1, 1000)),
                      .gamma = Vector<int16_t>(shape.channels, -20000, 20000),
                      .beta = Vector<int32_t>(shape.channels, -900000, 900000),
                      .shift = 17});
    return output;
  }

  ValueId AddLinear(const std::string& name, ValueId input, int out,
                    bool activation) {
    const Value shape = program_.values[input];
    const ValueId output = AddValue(name, ElementType::kCode, shape.rows, out);
    AddOp(name,
          LinearOp{.input = input,
                   .output = output,
                   .matrix = MakeCodeMatrix(shape.channels, out, activation)});
    return output;
  }

  ValueId AddLinearAdd(const std::string& name, ValueId input,
                       ValueId residual) {
    const ValueId output =
        AddValue(name, ElementType::kInt16, tokens_, options_.width);
    AddOp(name,
          LinearAddOp{.input = input,
                      .residual = residual,
                      .output = output,
                      .residual_shift = Uniform(0, 1),
                      .matrix = MakeMatrix(program_.values[input].channels,
                                           options_.width, 6000)});
    return output;
  }

  std::vector<uint8_t> Numerators() {
    const int levels = options_.attention_levels;
    std::vector<uint8_t> numerators =
        Vector<uint8_t>(size_t{1} * options_.heads * levels, 0, 255);
    for (int head = 0; head < options_.heads; ++head) {
      const auto first = numerators.begin() + head * levels;
      std::sort(first, first + levels, std::greater<>());
      *first = std::max<uint8_t>(*first, 1);
    }
    return numerators;
  }

  ValueId AddAttention(const std::string& name, ValueId residual) {
    const int width = options_.width;
    const size_t heads = options_.heads;
    const ValueId norm = AddLayerNorm(name + ".norm1", residual);
    const ValueId qkv = AddLinear(name + ".attn.qkv", norm, 3 * width, false);
    const ValueId output =
        AddValue(name + ".attn", ElementType::kCode, tokens_, width);
    AddOp(
        name + ".attn",
        AttentionOp{
            .input = qkv,
            .output = output,
            .heads = options_.heads,
            .level_multiplier = Vector<int16_t>(heads, 1 << 14, (1 << 15) - 1),
            .level_shift = Vector<int8_t>(heads, 2, 6),
            .levels = options_.attention_levels,
            .numerators = Numerators(),
            .output_multiplier = Vector<int16_t>(width, 1 << 14, (1 << 15) - 1),
            .output_shift = Vector<int8_t>(width, -2, 1)});
    return AddLinearAdd(name + ".attn.proj", output, residual);
  }

  ValueId AddMlp(const std::string& name, ValueId residual) {
    const ValueId norm = AddLayerNorm(name + ".norm2", residual);
    const ValueId hidden =
        AddLinear(name + ".mlp.fc1", norm, options_.mlp_width, true);
    return AddLinearAdd(name + ".mlp.fc2", hidden, residual);
  }

  ValueId AddGate(const std::string& name, ValueId norm) {
    const ValueId routing =
        AddValue(name, ElementType::kRouting, tokens_, options_.top_k);
    const size_t experts = options_.experts;
    AddOp(name,
          GateOp{.input = norm,
                 .output = routing,
                 .experts = options_.experts,
                 .top_k = options_.top_k,
                 .softmax_before_top_k = options_.softmax_before_top_k,
                 // Small numbers, so that ties occur.
                 .weight = Vector<int16_t>(experts * options_.width, -2, 2),
                 .bias = Vector<int32_t>(experts, -50, 50),
                 .octave_multiplier = 3 << 20,
                 .octave_shift = 20});
    return routing;
  }

  ValueId AddExperts(const std::string& name, ValueId residual) {
    const ValueId norm = AddLayerNorm(name + ".norm2", residual);
    const ValueId routing = AddGate(name + ".mlp.gate", norm);
    const int rows = tokens_ * options_.top_k;
    const ValueId hidden = AddValue(name + ".mlp.htoh4", ElementType::kCode,
                                    rows, options_.expert_width);
    ExpertLinearOp first{
        .input = norm, .routing = routing, .output = hidden, .experts = {}};
    const ValueId output = AddValue(name + ".mlp.h4toh", ElementType::kInt16,
                                    tokens_, options_.width);
    ExpertCombineOp second{.input = hidden,
                           .routing = routing,
                           .residual = residual,
                           .output = output,
                           .residual_shift = Uniform(0, 1),
                           .experts = {}};
    for (int expert = 0; expert < options_.experts; ++expert) {
      first.experts.push_back(
          MakeCodeMatrix(options_.width, options_.expert_width, true));
      second.experts.push_back(
          MakeMatrix(options_.expert_width, options_.width, 6000));
    }
    AddOp(name + ".mlp.htoh4", std::move(first));
    AddOp(name + ".mlp.h4toh", std::move(second));
    return output;
  }

  void AddHead(ValueId residual) {
    const int rows = options_.head_rows;
    const int count = options_.pool_mean ? patches_ : 1;
    const ValueId pooled =
        AddValue("pool", ElementType::kInt16, rows, options_.width);
    AddOp("pool",
          PoolOp{.input = residual,
                 .output = pooled,
                 .first_row = options_.pool_mean ? options_.prefix_tokens : 0,
                 .groups = rows,
                 .rows_per_group = count,
                 .multiplier = 30000,
                 .shift = static_cast<int8_t>(std::lround(std::log2(count)))});
    const ValueId norm = AddLayerNorm("norm", pooled);
    HeadOp head{.input = norm, .matrices = {}};
    for (int row = 0; row < rows; ++row) {
      head.matrices.push_back(
          MakeMatrix(options_.width, options_.classes, 6000));
    }
    AddOp("head", std::move(head));
  }

  const RandomProgramOptions options_;
  std::mt19937 random_;
  int patches_ = 0;
  int tokens_ = 0;
  Program program_;
};

}  // namespace

Program RandomProgram(const RandomProgramOptions& options) {
  return Builder(options).Build();
}

std::vector<uint8_t> RandomPixels(const Program& program, int images,
                                  uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> pixels(images * program.image_bytes());
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random());
  return pixels;
}

}  // namespace moevit
