#include "program/verify_matrix.h"

#include <cstdlib>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/arith/activation.h"
#include "kernels/arith/fixed_point.h"

namespace moevit {
namespace {

constexpr int kMinMultiplier = 1 << 14;
constexpr int kMaxMultiplier = (1 << 15) - 1;
constexpr int kMinShift = -15;
constexpr int kMaxShift = 30;
constexpr int kMaxWeight = 127;

absl::Status CheckSize(absl::string_view what, size_t size, int64_t expected) {
  if (static_cast<int64_t>(size) == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " has ", size, " elements, not ", expected));
}

absl::Status CheckActivation(const Activation& activation) {
  if (!activation.present)
    return CheckSize("delta", activation.delta.size(), 0);
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

}  // namespace

absl::Status CheckRange(absl::string_view what, int64_t value, int64_t low,
                        int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " is ", value, ", not in [", low, ", ", high, "]"));
}

absl::Status CheckRescale(int multiplier, int shift, int64_t magnitude) {
  if (multiplier != 0) {
    MOEVIT_RETURN_IF_ERROR(
        CheckRange("multiplier", multiplier, kMinMultiplier, kMaxMultiplier));
  }
  MOEVIT_RETURN_IF_ERROR(CheckRange("shift", shift, kMinShift, kMaxShift));
  const int64_t largest =
      shift > 0 ? magnitude + (int64_t{1} << (shift - 1)) : magnitude << -shift;
  constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();
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

}  // namespace moevit
