#include "program/verify_parameters.h"

#include <cstdlib>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/arith/activation.h"
#include "kernels/arith/attention.h"
#include "kernels/arith/fixed_point.h"
#include "kernels/arith/layer_norm.h"

namespace moevit {
namespace {

constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();
constexpr int kMinMultiplier = 1 << 14;
constexpr int kMaxMultiplier = (1 << 15) - 1;
constexpr int kMinShift = -15;
constexpr int kMaxShift = 30;
constexpr int kMaxWeight = 127;

absl::Status CheckActivation(const Activation& activation) {
  if (!activation.present) {
    return CheckSize("delta", activation.delta.size(), 0);
  }
  MOEVIT_RETURN_IF_ERROR(
      CheckSize("delta", activation.delta.size(), arith::kActivationEntries));
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("index_shift", activation.index_shift, 0, 7));
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("delta_shift", activation.delta_shift, 0, 7));
  return absl::OkStatus();
}

// The largest |accumulator| of one output channel over all int8 inputs.
int64_t LargestAccumulator(const Matrix& matrix, int channel) {
  int64_t sum = 0;
  const int8_t* row = matrix.weight.data() + int64_t{channel} * matrix.in;
  for (int k = 0; k < matrix.in; ++k) sum += std::abs(int{row[k]});
  return sum * -arith::kCodeMin + std::abs(int64_t{matrix.bias[channel]});
}

// The constants by which scores become numerators.
absl::Status CheckLevels(const AttentionOp& op, int head_width) {
  MOEVIT_RETURN_IF_ERROR(
      CheckSize("level_multiplier", op.level_multiplier.size(), op.heads));
  MOEVIT_RETURN_IF_ERROR(
      CheckSize("level_shift", op.level_shift.size(), op.heads));
  if (op.levels != 16 && op.levels != 256) {
    return absl::InvalidArgumentError(
        absl::StrCat("levels is ", op.levels, ", neither 16 nor 256"));
  }
  MOEVIT_RETURN_IF_ERROR(CheckSize("numerators", op.numerators.size(),
                                   int64_t{op.heads} * op.levels));
  // The largest difference of two scores of int8 products.
  const int64_t gap = int64_t{2} * head_width << 14;
  for (int h = 0; h < op.heads; ++h) {
    MOEVIT_RETURN_IF_ERROR(
        CheckRescale(op.level_multiplier[h], op.level_shift[h], gap));
    MOEVIT_RETURN_IF_ERROR(
        CheckRange("first numerator", op.numerators[h * op.levels], 1, 255));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRange(absl::string_view what, int64_t value, int64_t low,
                        int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " is ", value, ", not in [", low, ", ", high, "]"));
}

absl::Status CheckSize(absl::string_view what, size_t size, int64_t expected) {
  if (static_cast<int64_t>(size) == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " has ", size, " elements, not ", expected));
}

absl::Status CheckRescale(int multiplier, int shift, int64_t magnitude) {
  if (multiplier != 0) {
    MOEVIT_RETURN_IF_ERROR(
        CheckRange("multiplier", multiplier, kMinMultiplier, kMaxMultiplier));
  }
  MOEVIT_RETURN_IF_ERROR(CheckRange("shift", shift, kMinShift, kMaxShift));
  const int64_t largest =
      shift > 0 ? magnitude + (int64_t{1} << (shift - 1)) : magnitude << -shift;
  if (magnitude > kMaxInt32 || largest > kMaxInt32) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an accumulator can reach ", magnitude, ", which with a shift of ",
        shift, " becomes ", largest, ", more than ", kMaxInt32));
  }
  return absl::OkStatus();
}

absl::Status CheckMatrix(const Matrix& matrix, int in, int out) {
  const int64_t elements = int64_t{in} * out;
  MOEVIT_RETURN_IF_ERROR(CheckRange("matrix input width", matrix.in, in, in));
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("matrix output width", matrix.out, out, out));
  MOEVIT_RETURN_IF_ERROR(CheckSize("weight", matrix.weight.size(), elements));
  MOEVIT_RETURN_IF_ERROR(CheckSize("bias", matrix.bias.size(), out));
  MOEVIT_RETURN_IF_ERROR(
      CheckSize("multiplier", matrix.multiplier.size(), out));
  MOEVIT_RETURN_IF_ERROR(CheckSize("shift", matrix.shift.size(), out));
  for (int64_t i = 0; i < elements; ++i) {
    if (matrix.weight[i] < -kMaxWeight) {
      return absl::InvalidArgumentError(absl::StrCat(
          "weight ", i, " is ", int{matrix.weight[i]}, ", not in [-127, 127]"));
    }
  }
  for (int n = 0; n < out; ++n) {
    const absl::Status status = CheckRescale(
        matrix.multiplier[n], matrix.shift[n], LargestAccumulator(matrix, n));
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("output channel ", n, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckCodeMatrix(const CodeMatrix& matrix, int in, int out) {
  MOEVIT_RETURN_IF_ERROR(CheckMatrix(matrix.matrix, in, out));
  MOEVIT_RETURN_IF_ERROR(CheckActivation(matrix.activation));
  MOEVIT_RETURN_IF_ERROR(CheckRange("output_zero", matrix.output_zero,
                                    arith::kCodeMin, arith::kCodeMax));
  return absl::OkStatus();
}

absl::Status CheckLayerNorm(const LayerNormOp& op, int width) {
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("width", width, 1, arith::kMaxLayerNormWidth));
  MOEVIT_RETURN_IF_ERROR(CheckRange("epsilon", static_cast<int64_t>(op.epsilon),
                                    1, int64_t{1} << 56));
  MOEVIT_RETURN_IF_ERROR(CheckSize("gamma", op.gamma.size(), width));
  MOEVIT_RETURN_IF_ERROR(CheckSize("beta", op.beta.size(), width));
  MOEVIT_RETURN_IF_ERROR(CheckRange("shift", op.shift, 0, 30));
  const int64_t half = op.shift > 0 ? int64_t{1} << (op.shift - 1) : 0;
  for (int c = 0; c < width; ++c) {
    const int64_t largest = (std::abs(int64_t{op.gamma[c]}) << 15) +
                            std::abs(int64_t{op.beta[c]}) + half;
    MOEVIT_RETURN_IF_ERROR(CheckRange(
        absl::StrCat("largest result of channel ", c), largest, 0, kMaxInt32));
  }
  return absl::OkStatus();
}

absl::Status CheckGate(const GateOp& op, int width) {
  MOEVIT_RETURN_IF_ERROR(
      CheckSize("weight", op.weight.size(), int64_t{op.experts} * width));
  MOEVIT_RETURN_IF_ERROR(CheckSize("bias", op.bias.size(), op.experts));
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("octave_multiplier", op.octave_multiplier, 1, kMaxInt32));
  MOEVIT_RETURN_IF_ERROR(CheckRange("octave_shift", op.octave_shift, 1, 62));
  for (int e = 0; e < op.experts; ++e) {
    int64_t largest = std::abs(int64_t{op.bias[e]});
    for (int k = 0; k < width; ++k) {
      largest += 128 * std::abs(int{op.weight[int64_t{e} * width + k]});
    }
    // So that differences of two accumulators fit 32 bits.
    MOEVIT_RETURN_IF_ERROR(
        CheckRange(absl::StrCat("largest accumulator of expert ", e), largest,
                   0, kMaxInt32 / 2));
  }
  return absl::OkStatus();
}

absl::Status CheckAttention(const AttentionOp& op, int head_width) {
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("head width", head_width, 1, arith::kMaxHeadWidth));
  MOEVIT_RETURN_IF_ERROR(CheckLevels(op, head_width));
  const int width = op.heads * head_width;
  MOEVIT_RETURN_IF_ERROR(
      CheckSize("output_multiplier", op.output_multiplier.size(), width));
  MOEVIT_RETURN_IF_ERROR(
      CheckSize("output_shift", op.output_shift.size(), width));
  const int64_t mixture = int64_t{128} << arith::kMixtureBits;
  for (int c = 0; c < width; ++c) {
    MOEVIT_RETURN_IF_ERROR(
        CheckRescale(op.output_multiplier[c], op.output_shift[c], mixture));
  }
  return absl::OkStatus();
}

}  // namespace moevit
