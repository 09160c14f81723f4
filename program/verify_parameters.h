// Checks of the parts that ops are made of. Used by VerifyProgram only.
//
// Each returns OK or a message without the op's name, which the caller adds.

#ifndef MOEVIT_PROGRAM_VERIFY_MATRIX_H_
#define MOEVIT_PROGRAM_VERIFY_MATRIX_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "program/program.h"

namespace moevit {

// kInvalidArgument "<what> is <value>, not in [<low>, <high>]" unless it is.
absl::Status CheckRange(absl::string_view what, int64_t value, int64_t low,
                        int64_t high);

// Checks that multiplier * 2^-(15 + shift) is normalized and that rescaling
// any accumulator of at most `magnitude` stays inside 32 bits.
absl::Status CheckRescale(int multiplier, int shift, int64_t magnitude);

// Checks sizes against in x out, the weights' range, and every row's largest
// possible accumulator for int8 inputs.
absl::Status CheckMatrix(const Matrix& matrix, int in, int out);

absl::Status CheckCodeMatrix(const CodeMatrix& matrix, int in, int out);

}  // namespace moevit

#endif  // MOEVIT_PROGRAM_VERIFY_MATRIX_H_
