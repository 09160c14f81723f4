#include "kernels/reference/reference_executor.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "kernels/arith/fixed_point.h"
#include "kernels/arith/layer_norm.h"
#include "kernels/reference/attention.h"
#include "kernels/reference/experts.h"
#include "kernels/reference/image_values.h"
#include "kernels/reference/linear.h"

namespace moevit {
namespace {

using reference::ImageValues;
using reference::ValueData;

// Runs the ops of a program on one image.
class ImageRun {
 public:
  ImageRun(const Program& program, const uint8_t* pixels, int32_t* logits)
      : program_(program), pixels_(pixels), logits_(logits) {
    values_.resize(program.values.size());
    for (size_t id = 0; id < values_.size(); ++id) {
      Allocate(program.values[id], &values_[id]);
    }
  }

  void Run() {
    for (const Op& op : program_.ops) std::visit(*this, op.body);
  }

  const ValueData& value(ValueId id) const { return values_[id]; }

  void operator()(const PatchEmbedOp& op) {
    const int patch = op.patch_size;
    const int side = program_.image_size / patch;
    const int row_bytes = program_.image_size * program_.channels;
    const int patch_bytes = patch * program_.channels;
    const int width = op.matrix.out;
    int16_t* output = values_[op.output].wide.data();
    output = std::copy(op.prefix.begin(), op.prefix.end(), output);
    std::vector<int8_t> input(op.matrix.in);
    for (int p = 0; p < side * side; ++p, output += width) {
      const uint8_t* corner = pixels_ + int64_t{p / side} * patch * row_bytes +
                              p % side * patch_bytes;
      for (int i = 0; i < op.matrix.in; ++i) {
        const int pixel =
            corner[int64_t{i / patch_bytes} * row_bytes + i % patch_bytes];
        input[i] = static_cast<int8_t>(pixel - 128);
      }
      reference::AddRow(op.matrix, input.data(),
                        op.positions.data() + int64_t{p} * width,
                        /*residual_shift=*/0, output);
    }
  }

  void operator()(const LayerNormOp& op) {
    const Value& shape = program_.values[op.input];
    const int width = shape.channels;
    for (int row = 0; row < shape.rows; ++row) {
      const int16_t* x = values_[op.input].wide.data() + int64_t{row} * width;
      int8_t* y = values_[op.output].codes.data() + int64_t{row} * width;
      const arith::RowStatistics statistics =
          arith::ComputeRowStatistics(x, width, op.epsilon);
      for (int c = 0; c < width; ++c) {
        y[c] =
            arith::NormalizedToCode(arith::Normalize(statistics, x[c], width),
                                    op.gamma[c], op.beta[c], op.shift);
      }
    }
  }

  void operator()(const LinearOp& op) {
    const Matrix& matrix = op.matrix.matrix;
    for (int row = 0; row < program_.values[op.input].rows; ++row) {
      reference::CodeRow(
          op.matrix, values_[op.input].codes.data() + int64_t{row} * matrix.in,
          values_[op.output].codes.data() + int64_t{row} * matrix.out);
    }
  }

  void operator()(const LinearAddOp& op) {
    const int in = op.matrix.in;
    const int out = op.matrix.out;
    for (int row = 0; row < program_.values[op.input].rows; ++row) {
      reference::AddRow(op.matrix,
                        values_[op.input].codes.data() + int64_t{row} * in,
                        values_[op.residual].wide.data() + int64_t{row} * out,
                        op.residual_shift,
                        values_[op.output].wide.data() + int64_t{row} * out);
    }
  }

  void operator()(const AttentionOp& op) {
    const Value& shape = program_.values[op.output];
    reference::Attention(op, shape.rows, shape.channels,
                         values_[op.input].codes.data(),
                         values_[op.output].codes.data());
  }

  void operator()(const GateOp& op) {
    const Value& shape = program_.values[op.input];
    reference::Gate(op, shape.rows, shape.channels,
                    values_[op.input].codes.data(), &values_[op.output]);
  }

  void operator()(const ExpertLinearOp& op) {
    const Value& routing = program_.values[op.routing];
    reference::ExpertLinear(op, routing.rows, routing.channels,
                            values_[op.input].codes.data(), values_[op.routing],
                            values_[op.output].codes.data());
  }

  void operator()(const ExpertCombineOp& op) {
    const Value& routing = program_.values[op.routing];
    reference::ExpertCombine(
        op, routing.rows, routing.channels, values_[op.input].codes.data(),
        values_[op.routing], values_[op.residual].wide.data(),
        values_[op.output].wide.data());
  }

  void operator()(const PoolOp& op) {
    const Value& shape = program_.values[op.input];
    for (int group = 0; group < op.groups; ++group) {
      const int first = op.first_row + group * op.rows_per_group;
      for (int c = 0; c < shape.channels; ++c) {
        const int64_t from = int64_t{first} * shape.channels + c;
        const int64_t to = int64_t{group} * shape.channels + c;
        if (shape.type == ElementType::kInt16) {
          values_[op.output].wide[to] =
              PoolColumn(op, values_[op.input].wide.data() + from,
                         shape.channels, [](int16_t fine) { return fine; });
        } else {
          values_[op.output].codes[to] = PoolColumn(
              op, values_[op.input].codes.data() + from, shape.channels,
              [](int16_t fine) { return arith::FineToCode(fine, /*zero=*/0); });
        }
      }
    }
  }

  void operator()(const HeadOp& op) {
    std::fill_n(logits_, program_.classes, 0);
    const int8_t* input = values_[op.input].codes.data();
    for (const Matrix& matrix : op.matrices) {
      for (int n = 0; n < matrix.out; ++n) {
        logits_[n] += reference::FineProduct(matrix, n, input);
      }
      input += matrix.in;
    }
  }

 private:
  static void Allocate(const Value& value, ValueData* data) {
    const size_t elements = int64_t{value.rows} * value.channels;
    switch (value.type) {
      case ElementType::kCode:
        data->codes.resize(elements);
        break;
      case ElementType::kInt16:
        data->wide.resize(elements);
        break;
      case ElementType::kRouting:
        data->experts.resize(elements);
        data->weights.resize(elements);
        break;
    }
  }

  // column: the first of op.rows_per_group elements, `stride` apart.
  template <typename T, typename FromFine>
  static T PoolColumn(const PoolOp& op, const T* column, int stride,
                      FromFine from_fine) {
    if (op.rows_per_group == 1) return *column;
    int32_t sum = 0;
    for (int row = 0; row < op.rows_per_group; ++row) {
      sum += column[int64_t{row} * stride];
    }
    return from_fine(arith::Apply({op.multiplier, op.shift}, sum));
  }

  const Program& program_;
  const uint8_t* const pixels_;
  int32_t* const logits_;
  ImageValues values_;
};

void CountExperts(const Program& program, const ImageRun& run,
                  ExpertLoad* load) {
  size_t layer = 0;
  for (const Op& op : program.ops) {
    const GateOp* gate = std::get_if<GateOp>(&op.body);
    if (gate == nullptr) continue;
    if (load->tokens.size() <= layer) load->tokens.resize(layer + 1);
    load->tokens[layer].resize(gate->experts);
    for (int expert : run.value(gate->output).experts) {
      ++load->tokens[layer][expert];
    }
    ++layer;
  }
}

class ReferenceExecutor : public Executor {
 public:
  explicit ReferenceExecutor(const Program* program) : program_(*program) {}

  absl::string_view name() const override { return "reference"; }

  absl::Status Run(int images, absl::Span<const uint8_t> pixels,
                   absl::Span<int32_t> logits, ExpertLoad* load) override {
    MOEVIT_RETURN_IF_ERROR(CheckBatch(program_, images, pixels, logits));
    const int64_t image_bytes = program_.image_bytes();
    for (int i = 0; i < images; ++i) {
      ImageRun run(program_, pixels.data() + i * image_bytes,
                   logits.data() + int64_t{i} * program_.classes);
      run.Run();
      if (load != nullptr) CountExperts(program_, run, load);
    }
    return absl::OkStatus();
  }

 private:
  const Program& program_;
};

}  // namespace

std::unique_ptr<Executor> NewReferenceExecutor(const Program* program) {
  return std::make_unique<ReferenceExecutor>(program);
}

}  // namespace moevit
