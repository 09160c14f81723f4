#include "quantize/linear_quantizer.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "base/thread_pool.h"
#include "gtest/gtest.h"
#include "kernels/arith/fixed_point.h"
#include "program/verify_parameters.h"

namespace moevit {
namespace {

constexpr int kIn = 11;
constexpr int kOut = 5;

Techniques Nothing() { return Techniques::Of(Scheme::kMinMax); }

// Scales and centres that differ from channel to channel. Powers of two, so
// that the test's own arithmetic is exact.
CodeScale UnevenScale() {
  CodeScale scale;
  for (int k = 0; k < kIn; ++k) {
    scale.scale.push_back(std::ldexp(1.0, k % 5 - 7));
    scale.centre.push_back((k - 4) * 0.375);
  }
  return scale;
}

std::vector<int8_t> RandomInputCodes(int rows, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> code(-128, 127);
  std::vector<int8_t> codes(static_cast<size_t>(rows) * kIn);
  for (int8_t& c : codes) c = static_cast<int8_t>(code(random));
  return codes;
}

LinearInput InputOf(const std::vector<int8_t>& codes) {
  LinearInput input{UnevenScale(), CodeMoments(kIn), {}};
  input.moments.Add(codes.data(), static_cast<int>(codes.size()) / kIn);
  input.real_mean.assign(kIn, 0.0);
  return input;
}

LinearWeights RandomLayer(uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, 0.3f);
  LinearWeights layer{kIn, kOut, std::vector<float>(kIn * kOut),
                      std::vector<float>(kOut)};
  for (float& weight : layer.weight) weight = normal(random);
  for (float& bias : layer.bias) bias = normal(random);
  return layer;
}

// A layer whose weights, times the scales of UnevenScale, are multiples of
// 2^-9 up to 127 of them: rounding changes none.
LinearWeights LosslessLayer() {
  const CodeScale scale = UnevenScale();
  LinearWeights layer = RandomLayer(/*seed=*/1);
  for (int n = 0; n < kOut; ++n) {
    for (int k = 0; k < kIn; ++k) {
      const int integer = k == n ? 127 : (17 * n + 29 * k) % 255 - 127;
      layer.weight[n * kIn + k] =
          static_cast<float>(std::ldexp(integer, -9) / scale.scale[k]);
    }
  }
  return layer;
}

double FloatOutput(const LinearWeights& layer, int n, const double* x) {
  double sum = layer.bias[n];
  for (int k = 0; k < kIn; ++k) sum += layer.weight[n * kIn + k] * x[k];
  return sum;
}

double IntegerOutput(const QuantizedLinear& linear, int n,
                     const int8_t* codes) {
  double sum = 0;
  for (int k = 0; k < kIn; ++k) sum += linear.weight[n * kIn + k] * codes[k];
  return linear.row_scale[n] * sum + linear.bias[n];
}

TEST(QuantizeLinearTest, ChangesNothingButByRounding) {
  ThreadPool pool(1);
  const LinearWeights layer = LosslessLayer();
  const std::vector<int8_t> codes = RandomInputCodes(/*rows=*/50, /*seed=*/2);
  const LinearInput input = InputOf(codes);
  const QuantizedLinear linear = QuantizeLinear(layer, input, Nothing(), pool);
  for (int row = 0; row < 50; ++row) {
    const int8_t* code = &codes[row * kIn];
    double x[kIn];
    for (int k = 0; k < kIn; ++k) {
      x[k] = input.scale.scale[k] * code[k] + input.scale.centre[k];
    }
    for (int n = 0; n < kOut; ++n) {
      EXPECT_NEAR(IntegerOutput(linear, n, code), FloatOutput(layer, n, x),
                  1e-9);
    }
  }
}

TEST(QuantizeLinearTest, RoundsEachWeightByAtMostHalfAStep) {
  ThreadPool pool(1);
  const LinearWeights layer = RandomLayer(/*seed=*/3);
  const LinearInput input = InputOf(RandomInputCodes(/*rows=*/50, /*seed=*/2));
  const QuantizedLinear linear = QuantizeLinear(layer, input, Nothing(), pool);
  for (int i = 0; i < kIn * kOut; ++i) {
    const double scale = linear.row_scale[i / kIn];
    EXPECT_NEAR(linear.weight[i] * scale,
                layer.weight[i] * input.scale.scale[i % kIn],
                scale * 0.5000001);
  }
}

TEST(QuantizeLinearTest, GivesOutputsAsItsHeaderDefinesThem) {
  ThreadPool pool(1);
  const std::vector<int8_t> codes = RandomInputCodes(/*rows=*/3, /*seed=*/4);
  const QuantizedLinear linear =
      QuantizeLinear(RandomLayer(/*seed=*/3), InputOf(codes), Nothing(), pool);
  const Tensor outputs = linear.Outputs(codes.data(), 3);
  for (int row = 0; row < 3; ++row) {
    for (int n = 0; n < kOut; ++n) {
      EXPECT_NEAR(outputs.row(row)[n],
                  IntegerOutput(linear, n, &codes[row * kIn]), 1e-4);
    }
  }
}

TEST(QuantizeLinearTest, BiasCorrectionGivesTheFloatLayersMeanOutput) {
  ThreadPool pool(1);
  const LinearWeights layer = RandomLayer(/*seed=*/5);
  const std::vector<int8_t> codes = RandomInputCodes(/*rows=*/50, /*seed=*/6);
  LinearInput input = InputOf(codes);
  // Something else than the codes mean: quantization has moved the mean.
  for (int k = 0; k < kIn; ++k) input.real_mean[k] = 0.1 * k - 0.3;
  const QuantizedLinear linear =
      QuantizeLinear(layer, input, Techniques::Of(Scheme::kCoqmoe), pool);
  for (int n = 0; n < kOut; ++n) {
    double mean = 0;
    for (int row = 0; row < 50; ++row) {
      mean += IntegerOutput(linear, n, &codes[row * kIn]) / 50;
    }
    EXPECT_NEAR(mean, FloatOutput(layer, n, input.real_mean.data()), 1e-9);
  }
}

TEST(QuantizeLinearTest, TrustsNoStatisticsOfThreeRows) {
  ThreadPool pool(1);
  const LinearWeights layer = RandomLayer(/*seed=*/7);
  const LinearInput input = InputOf(RandomInputCodes(/*rows=*/3, /*seed=*/8));
  const QuantizedLinear careful =
      QuantizeLinear(layer, input, Techniques::Of(Scheme::kCoqmoe), pool);
  const QuantizedLinear plain = QuantizeLinear(layer, input, Nothing(), pool);
  EXPECT_EQ(careful.weight, plain.weight);
  EXPECT_EQ(careful.bias, plain.bias);
}

TEST(QuantizeLinearTest, KeepsTheBiasOfAnOutputWithoutWeights) {
  ThreadPool pool(1);
  LinearWeights layer = RandomLayer(/*seed=*/9);
  std::fill_n(layer.weight.begin(), kIn, 0.0f);
  layer.bias[0] = 123.0f;
  const std::vector<int8_t> codes = RandomInputCodes(/*rows=*/2, /*seed=*/1);
  const QuantizedLinear linear =
      QuantizeLinear(layer, InputOf(codes), Nothing(), pool);
  EXPECT_NEAR(linear.Outputs(codes.data(), 1).row(0)[0], 123.0f, 1e-4);
  const Matrix matrix = ToMatrix(linear, UniformScale(1.0, kOut), 6);
  EXPECT_TRUE(CheckMatrix(matrix, kIn, kOut).ok());
  EXPECT_NEAR(
      arith::Apply({matrix.multiplier[0], matrix.shift[0]}, matrix.bias[0]),
      123 << 6, 1);
}

TEST(ToMatrixTest, RescalesAccumulatorsToTheOutputsUnits) {
  ThreadPool pool(1);
  const std::vector<int8_t> codes = RandomInputCodes(/*rows=*/20, /*seed=*/3);
  const QuantizedLinear linear =
      QuantizeLinear(RandomLayer(/*seed=*/3), InputOf(codes), Nothing(), pool);
  CodeScale output = UniformScale(0.07, kOut);
  output.centre[2] = 1.5;
  const Matrix matrix = ToMatrix(linear, output, /*fine_bits=*/6);
  for (int row = 0; row < 20; ++row) {
    for (int n = 0; n < kOut; ++n) {
      int32_t accumulator = matrix.bias[n];
      for (int k = 0; k < kIn; ++k) {
        accumulator += matrix.weight[n * kIn + k] * codes[row * kIn + k];
      }
      const double exact =
          (IntegerOutput(linear, n, &codes[row * kIn]) - output.centre[n]) /
          output.scale[n] * 64;
      EXPECT_NEAR(
          arith::Apply({matrix.multiplier[n], matrix.shift[n]}, accumulator),
          exact, 2.0 + std::abs(exact) * 1e-3);
    }
  }
}

TEST(ToMatrixTest, PassesTheVerifierWhateverTheOutputScale) {
  ThreadPool pool(1);
  const QuantizedLinear linear = QuantizeLinear(
      RandomLayer(/*seed=*/3),
      InputOf(RandomInputCodes(/*rows=*/9, /*seed=*/1)), Nothing(), pool);
  for (double scale = 1e-15; scale < 1e15; scale *= 10) {
    const absl::Status status =
        CheckMatrix(ToMatrix(linear, UniformScale(scale, kOut), 6), kIn, kOut);
    EXPECT_TRUE(status.ok()) << scale << ": " << status;
  }
}

}  // namespace
}  // namespace moevit
