// The second stage of the dual-stage scheme: per-channel codes after a layer
// norm must move into the norm's affine step and into every linear layer that
// reads them (qkv, the gate, each expert's first one) without changing the
// function by more than the rounding of constants.

#include <cmath>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/thread_pool.h"
#include "gtest/gtest.h"
#include "kernels/arith/gate.h"
#include "kernels/arith/layer_norm.h"
#include "quantize/model_quantizer.h"
#include "tests/quantize/random_checkpoint.h"

namespace moevit {
namespace {

constexpr int kSparseBlock = 1;

// Scales come back through float tensors.
constexpr double kFloatError = 1e-5;

class ReparameterizationTest : public ::testing::Test {
 protected:
  ReparameterizationTest()
      : checkpoint_(MakeCheckpoint()),
        pool_(1),
        quantizer_(checkpoint_, MakePixels(checkpoint_.config), MakeOptions(),
                   &pool_) {
    quantizer_.Run();
  }

  static Checkpoint MakeCheckpoint() {
    Checkpoint checkpoint = RandomCheckpoint(SmallSparseConfig(), /*seed=*/3);
    // As published gates are: without a bias.
    LinearWeights& gate = *checkpoint.blocks[kSparseBlock].gate;
    gate.bias.assign(gate.out, 0.0f);
    return checkpoint;
  }

  static std::vector<std::vector<uint8_t>> MakePixels(
      const ModelConfig& config) {
    std::vector<std::vector<uint8_t>> pixels;
    for (uint32_t i = 0; i < 5; ++i) pixels.push_back(RandomPixels(config, i));
    return pixels;
  }

  // Per-channel ranges, but neither compensation nor bias correction: those
  // change constants on purpose.
  static QuantizeOptions MakeOptions() {
    QuantizeOptions options;
    options.allowed.compensate_rounding = false;
    options.allowed.correct_bias = false;
    return options;
  }

  const BlockWeights& block() const { return checkpoint_.blocks[kSparseBlock]; }

  template <typename T>
  const T& FindOp(const std::string& name) const {
    for (const Op& op : quantizer_.program().ops) {
      if (op.name == "blocks.1." + name) return std::get<T>(op.body);
    }
    ADD_FAILURE() << "there is no op " << name;
    std::abort();
  }

  // What the codes of a value mean, read off codes 0 and 1.
  CodeScale ScaleOfValue(ValueId id) const {
    const Value& value = quantizer_.program().values[id];
    reference::ValueData data;
    data.codes.assign(int64_t{value.rows} * value.channels, 0);
    const Tensor zeros = quantizer_.ToReal(id, data);
    data.codes.assign(data.codes.size(), 1);
    const Tensor ones = quantizer_.ToReal(id, data);
    CodeScale scale;
    for (int c = 0; c < value.channels; ++c) {
      scale.centre.push_back(zeros.values[c]);
      scale.scale.push_back(double{ones.values[c]} - zeros.values[c]);
    }
    return scale;
  }

  // W x + b = (W s) code + (b + W c) where x = s code + c, in float64 and for
  // a code that is not rounded.
  static void ExpectSameFunction(const LinearWeights& layer,
                                 const CodeScale& scale) {
    for (int n = 0; n < layer.out; ++n) {
      double expected = layer.bias[n];
      double got = layer.bias[n];
      for (int k = 0; k < layer.in; ++k) {
        const double weight = layer.weight[n * layer.in + k];
        const double x = std::sin(1.0 + n + 3 * k);
        const double code = (x - scale.centre[k]) / scale.scale[k];
        expected += weight * x;
        got += weight * scale.scale[k] * code + weight * scale.centre[k];
      }
      EXPECT_NEAR(got, expected, 1e-9);
    }
  }

  // Each integer constant is the real one of ExpectSameFunction, rounded.
  static void ExpectRounded(const LinearWeights& layer, const CodeScale& input,
                            const std::vector<double>& output_centre,
                            const Matrix& matrix) {
    for (int n = 0; n < layer.out; ++n) {
      const float* row = &layer.weight[n * layer.in];
      double largest = 0;
      double bias = layer.bias[n] - output_centre[n];
      for (int k = 0; k < layer.in; ++k) {
        largest = std::max(largest, std::abs(row[k] * input.scale[k]));
        bias += row[k] * input.centre[k];
      }
      const double unit = largest / 127;
      for (int k = 0; k < layer.in; ++k) {
        EXPECT_NEAR(matrix.weight[n * layer.in + k],
                    row[k] * input.scale[k] / unit, 0.5 + 127 * kFloatError);
      }
      EXPECT_NEAR(matrix.bias[n], bias / unit,
                  0.5 + kFloatError * (1000 + std::abs(bias / unit)));
    }
  }

  const Checkpoint checkpoint_;
  ThreadPool pool_;
  ModelQuantizer quantizer_;
};

TEST_F(ReparameterizationTest, GivesChannelsOfANormDifferentScales) {
  const CodeScale scale = ScaleOfValue(FindOp<LayerNormOp>("norm2").output);
  double smallest = scale.scale[0];
  double largest = scale.scale[0];
  for (double s : scale.scale) {
    smallest = std::min(smallest, s);
    largest = std::max(largest, s);
  }
  EXPECT_GT(largest, 1.2 * smallest);
}

TEST_F(ReparameterizationTest, NormAffineGivesCodes) {
  const std::pair<std::string, const LayerNormWeights*> norms[] = {
      {"norm1", &block().norm1}, {"norm2", &block().norm2}};
  for (const auto& [name, weights] : norms) {
    const LayerNormOp& op = FindOp<LayerNormOp>(name);
    const CodeScale scale = ScaleOfValue(op.output);
    for (size_t c = 0; c < op.gamma.size(); ++c) {
      const double gamma = weights->gamma[c] / scale.scale[c];
      const double beta = (weights->beta[c] - scale.centre[c]) / scale.scale[c];
      EXPECT_NEAR(op.gamma[c],
                  std::ldexp(gamma, op.shift - arith::kNormalizedBits),
                  0.5 + 32767 * kFloatError);
      EXPECT_NEAR(std::ldexp(op.beta[c], -op.shift), beta,
                  kFloatError * (1000 + std::abs(beta)));
    }
  }
}

TEST_F(ReparameterizationTest, QkvReadsCodes) {
  const LinearOp& op = FindOp<LinearOp>("attn.qkv");
  const CodeScale scale = ScaleOfValue(op.input);
  ExpectSameFunction(block().qkv, scale);
  ExpectRounded(block().qkv, scale, ScaleOfValue(op.output).centre,
                op.matrix.matrix);
}

TEST_F(ReparameterizationTest, EveryExpertReadsCodes) {
  const ExpertLinearOp& op = FindOp<ExpertLinearOp>("mlp.htoh4");
  const CodeScale scale = ScaleOfValue(op.input);
  ASSERT_EQ(op.experts.size(), block().mlps.size());
  for (size_t e = 0; e < op.experts.size(); ++e) {
    const LinearWeights& fc1 = block().mlps[e].fc1;
    ExpectSameFunction(fc1, scale);
    ExpectRounded(fc1, scale, std::vector<double>(fc1.out, 0.0),
                  op.experts[e].matrix);
  }
}

TEST_F(ReparameterizationTest, GateReadsCodesAndGainsABias) {
  const GateOp& op = FindOp<GateOp>("mlp.gate");
  const CodeScale scale = ScaleOfValue(op.input);
  const LinearWeights& gate = *block().gate;
  ExpectSameFunction(gate, scale);
  // One unit of its accumulator, from the exponent of its softmax.
  const double unit =
      std::ldexp(op.octave_multiplier, -op.octave_shift - arith::kOctaveBits) /
      M_LOG2E;
  bool any_bias = false;
  for (int e = 0; e < gate.out; ++e) {
    double bias = 0;
    for (int k = 0; k < gate.in; ++k) {
      const double weight = gate.weight[e * gate.in + k];
      bias += weight * scale.centre[k];
      EXPECT_NEAR(op.weight[e * gate.in + k], weight * scale.scale[k] / unit,
                  0.5 + 32767 * kFloatError);
    }
    EXPECT_NEAR(op.bias[e], bias / unit,
                0.5 + kFloatError * (1e5 + std::abs(bias / unit)));
    any_bias |= op.bias[e] != 0;
  }
  EXPECT_TRUE(any_bias);
}

}  // namespace
}  // namespace moevit
