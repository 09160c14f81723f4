// The proof that a program is well formed and cannot overflow.
//
// Every executor relies on what is checked here and checks nothing of it again.

#ifndef MOEVIT_PROGRAM_VERIFY_H_
#define MOEVIT_PROGRAM_VERIFY_H_

#include "absl/status/status.h"
#include "program/program.h"

namespace moevit {

// Largest number of rows per image and of channels that any value may have.
constexpr int kMaxRows = 1 << 20;
constexpr int kMaxChannels = 1 << 17;

// Checks that values and ops have unique names, that each value is written by
// exactly one op before it is read, that shapes, tensor sizes and parameters
// fit together, and, from the weights themselves, that no 32-bit intermediate
// can overflow for any input. Returns kInvalidArgument naming the op, the
// offending quantity and its bound.
absl::Status VerifyProgram(const Program& program);

}  // namespace moevit

#endif  // MOEVIT_PROGRAM_VERIFY_H_
