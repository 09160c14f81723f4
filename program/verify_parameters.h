// Checks of an op's parameters: their number, their range, and that no 32-bit
// intermediate can overflow with them. Used by VerifyProgram only.
//
// Each returns OK or kInvalidArgument with a message without the op's name,
// which the caller adds.

#ifndef MOEVIT_PROGRAM_VERIFY_PARAMETERS_H_
#define MOEVIT_PROGRAM_VERIFY_PARAMETERS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "program/program.h"

namespace moevit {

// "<what> is <value>, not in [<low>, <high>]" unless it is.
absl::Status CheckRange(absl::string_view what, int64_t value, int64_t low,
                        int64_t high);

// "<what> has <size> elements, not <expected>" unless it has.
absl::Status CheckSize(absl::string_view what, size_t size, int64_t expected);

// Checks that multiplier * 2^-(15 + shift) is normalized and that rescaling
// any accumulator of at most `magnitude` stays inside 32 bits.
absl::Status CheckRescale(int multiplier, int shift, int64_t magnitude);

// Checks sizes against in x out, the weights' range, and every row's largest
// possible accumulator for int8 inputs.
absl::Status CheckMatrix(const Matrix& matrix, int in, int out);

absl::Status CheckCodeMatrix(const CodeMatrix& matrix, int in, int out);

// `width` is that of the rows.
absl::Status CheckLayerNorm(const LayerNormOp& op, int width);
absl::Status CheckGate(const GateOp& op, int width);

// REQUIRES: op.heads > 0.
absl::Status CheckAttention(const AttentionOp& op, int head_width);

}  // namespace moevit

#endif  // MOEVIT_PROGRAM_VERIFY_PARAMETERS_H_
