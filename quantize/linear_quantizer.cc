#include "quantize/linear_quantizer.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "quantize/fixed_point_constants.h"
#include "quantize/matrix_product.h"
#include "quantize/weight_rounding.h"

namespace moevit {
namespace {

// Below this many calibration rows the statistics of a layer's input say
// little: its weights are rounded to nearest.
constexpr int64_t kMinRowsForCompensation = 32;
constexpr int64_t kMinRowsForBias = 4;

// A bias must stay well inside the 32-bit accumulator, also for an output
// channel whose weights are all tiny.
constexpr double kMaxBiasUnits = 1 << 24;

double Dot(const float* a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < b.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// The largest magnitude that an accumulator of output channel `n` can reach.
int64_t LargestAccumulator(const Matrix& matrix, int n) {
  int64_t sum = 0;
  const int8_t* row = matrix.weight.data() + int64_t{n} * matrix.in;
  for (int k = 0; k < matrix.in; ++k) sum += std::abs(int{row[k]});
  return sum * -arith::kCodeMin + std::abs(int64_t{matrix.bias[n]});
}

}  // namespace

Tensor QuantizedLinear::Outputs(const int8_t* codes, int rows) const {
  const std::vector<float> x(codes, codes + int64_t{rows} * in);
  const std::vector<float> w(weight.begin(), weight.end());
  Tensor result(rows, out);
  MultiplyTransposed({x.data(), rows, in, in}, {w.data(), out, in, in}, 1.0f,
                     0.0f, {result.values.data(), rows, out, out});
  for (int row = 0; row < rows; ++row) {
    absl::Span<float> y = result.row(row);
    for (int n = 0; n < out; ++n) {
      y[n] = static_cast<float>(row_scale[n] * y[n] + bias[n]);
    }
  }
  return result;
}

QuantizedLinear QuantizeLinear(const LinearWeights& layer,
                               const LinearInput& input,
                               const Techniques& techniques, ThreadPool& pool) {
  QuantizedLinear result;
  result.in = layer.in;
  result.out = layer.out;
  RealWeights weights{layer.out, layer.in, {}};
  weights.values.reserve(layer.weight.size());
  for (size_t i = 0; i < layer.weight.size(); ++i) {
    weights.values.push_back(layer.weight[i] * input.scale.scale[i % layer.in]);
  }
  std::vector<double> smallest_scale(layer.out);
  for (int n = 0; n < layer.out; ++n) {
    const float* row = layer.weight.data() + int64_t{n} * layer.in;
    result.bias.push_back(layer.bias[n] + Dot(row, input.scale.centre));
    smallest_scale[n] =
        std::max(std::abs(result.bias[n]), 1e-9) / kMaxBiasUnits;
  }
  result.row_scale = RowScales(weights, smallest_scale);

  const int64_t rows = input.moments.rows();
  result.weight =
      techniques.compensate_rounding && rows >= kMinRowsForCompensation
          ? RoundWithCompensation(weights, result.row_scale,
                                  input.moments.Covariance(), pool)
          : RoundToNearest(weights, result.row_scale);
  if (!techniques.correct_bias || rows < kMinRowsForBias) return result;

  const std::vector<double> mean_code = input.moments.Mean();
  for (int n = 0; n < layer.out; ++n) {
    const int64_t first = int64_t{n} * layer.in;
    double quantized = 0;
    for (int k = 0; k < layer.in; ++k) {
      quantized += result.weight[first + k] * mean_code[k];
    }
    result.bias[n] = layer.bias[n] +
                     Dot(layer.weight.data() + first, input.real_mean) -
                     result.row_scale[n] * quantized;
  }
  return result;
}

Matrix ToMatrix(const QuantizedLinear& linear, const CodeScale& output,
                int fine_bits) {
  Matrix matrix;
  matrix.in = linear.in;
  matrix.out = linear.out;
  matrix.weight = linear.weight;
  for (int n = 0; n < linear.out; ++n) {
    const double row_scale = linear.row_scale[n];
    matrix.bias.push_back(
        RoundTo<int32_t>((linear.bias[n] - output.centre[n]) / row_scale));
    const arith::Rescale rescale =
        MakeRescale(std::ldexp(row_scale / output.scale[n], fine_bits),
                    LargestAccumulator(matrix, n));
    matrix.multiplier.push_back(rescale.multiplier);
    matrix.shift.push_back(rescale.shift);
  }
  return matrix;
}

}  // namespace moevit
