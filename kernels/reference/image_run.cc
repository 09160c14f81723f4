#include "kernels/reference/image_run.h"

#include <algorithm>
#include <variant>

#include "kernels/arith/fixed_point.h"
#include "kernels/arith/layer_norm.h"
#include "kernels/reference/attention.h"
#include "kernels/reference/experts.h"
#include "kernels/reference/linear.h"

namespace moevit::reference {
namespace {

// column: the first of op.rows_per_group elements, `stride` apart.
template <typename T, typename FromFine>
T PoolColumn(const PoolOp& op, const T* column, int stride,
             FromFine from_fine) {
  if (op.rows_per_group == 1) return *column;
  int32_t sum = 0;
  for (int row = 0; row < op.rows_per_group; ++row) {
    sum += column[int64_t{row} * stride];
  }
  return from_fine(arith::Apply({op.multiplier, op.shift}, sum));
}

}  // namespace

void ImageRun::Run(const Op& op) {
  std::visit([this](const auto& body) { RunOp(body); }, op.body);
}

ValueData& ImageRun::Allocate(ValueId id) {
  if (values_.size() < program_.values.size()) {
    values_.resize(program_.values.size());
  }
  const Value& value = program_.values[id];
  const size_t elements = size_t{1} * value.rows * value.channels;
  ValueData& data = values_[id];
  switch (value.type) {
    case ElementType::kCode:
      data.codes.resize(elements);
      break;
    case ElementType::kInt16:
      data.wide.resize(elements);
      break;
    case ElementType::kRouting:
      data.experts.resize(elements);
      data.weights.resize(elements);
      break;
  }
  return data;
}

void ImageRun::RunOp(const PatchEmbedOp& op) {
  const int patch = op.patch_size;
  const int side = program_.image_size / patch;
  const int row_bytes = program_.image_size * program_.channels;
  const int patch_bytes = patch * program_.channels;
  const int width = op.matrix.out;
  int16_t* output = Allocate(op.output).wide.data();
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
    AddRow(op.matrix, input.data(), op.positions.data() + int64_t{p} * width,
           /*residual_shift=*/0, output);
  }
}

void ImageRun::RunOp(const LayerNormOp& op) {
  const Value& shape = program_.values[op.input];
  const int width = shape.channels;
  int8_t* y = Allocate(op.output).codes.data();
  const int16_t* x = values_[op.input].wide.data();
  for (int row = 0; row < shape.rows; ++row, x += width, y += width) {
    const arith::RowStatistics statistics =
        arith::ComputeRowStatistics(x, width, op.epsilon);
    for (int c = 0; c < width; ++c) {
      y[c] = arith::NormalizedToCode(arith::Normalize(statistics, x[c], width),
                                     op.gamma[c], op.beta[c], op.shift);
    }
  }
}

void ImageRun::RunOp(const LinearOp& op) {
  const Matrix& matrix = op.matrix.matrix;
  int8_t* output = Allocate(op.output).codes.data();
  const int8_t* input = values_[op.input].codes.data();
  for (int row = 0; row < program_.values[op.input].rows; ++row) {
    CodeRow(op.matrix, input + int64_t{row} * matrix.in,
            output + int64_t{row} * matrix.out);
  }
}

void ImageRun::RunOp(const LinearAddOp& op) {
  const int in = op.matrix.in;
  const int out = op.matrix.out;
  int16_t* output = Allocate(op.output).wide.data();
  const int8_t* input = values_[op.input].codes.data();
  const int16_t* residual = values_[op.residual].wide.data();
  for (int row = 0; row < program_.values[op.input].rows; ++row) {
    AddRow(op.matrix, input + int64_t{row} * in, residual + int64_t{row} * out,
           op.residual_shift, output + int64_t{row} * out);
  }
}

void ImageRun::RunOp(const AttentionOp& op) {
  const Value& shape = program_.values[op.output];
  int8_t* output = Allocate(op.output).codes.data();
  Attention(op, shape.rows, shape.channels, values_[op.input].codes.data(),
            output);
}

void ImageRun::RunOp(const GateOp& op) {
  const Value& shape = program_.values[op.input];
  ValueData& output = Allocate(op.output);
  Gate(op, shape.rows, shape.channels, values_[op.input].codes.data(), &output);
}

void ImageRun::RunOp(const ExpertLinearOp& op) {
  const Value& routing = program_.values[op.routing];
  int8_t* output = Allocate(op.output).codes.data();
  ExpertLinear(op, routing.rows, routing.channels,
               values_[op.input].codes.data(), values_[op.routing], output);
}

void ImageRun::RunOp(const ExpertCombineOp& op) {
  const Value& routing = program_.values[op.routing];
  int16_t* output = Allocate(op.output).wide.data();
  ExpertCombine(op, routing.rows, routing.channels,
                values_[op.input].codes.data(), values_[op.routing],
                values_[op.residual].wide.data(), output);
}

void ImageRun::RunOp(const PoolOp& op) {
  const Value& shape = program_.values[op.input];
  ValueData& output = Allocate(op.output);
  const ValueData& input = values_[op.input];
  for (int group = 0; group < op.groups; ++group) {
    const int first = op.first_row + group * op.rows_per_group;
    for (int c = 0; c < shape.channels; ++c) {
      const int64_t from = int64_t{first} * shape.channels + c;
      const int64_t to = int64_t{group} * shape.channels + c;
      if (shape.type == ElementType::kInt16) {
        output.wide[to] =
            PoolColumn(op, input.wide.data() + from, shape.channels,
                       [](int16_t fine) { return fine; });
      } else {
        output.codes[to] = PoolColumn(
            op, input.codes.data() + from, shape.channels,
            [](int16_t fine) { return arith::FineToCode(fine, /*zero=*/0); });
      }
    }
  }
}

void ImageRun::RunOp(const HeadOp& op) {
  logits_.assign(program_.classes, 0);
  const int8_t* input = values_[op.input].codes.data();
  for (const Matrix& matrix : op.matrices) {
    for (int n = 0; n < matrix.out; ++n) {
      logits_[n] += FineProduct(matrix, n, input);
    }
    input += matrix.in;
  }
}

}  // namespace moevit::reference
