// Reads a program back from its two files. Neither is trusted.

#ifndef MOEVIT_PROGRAM_PROGRAM_READER_H_
#define MOEVIT_PROGRAM_PROGRAM_READER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/safetensors_reader.h"
#include "program/program.h"

namespace moevit {

// json: the content of program.json; weights: weights.safetensors. The result
// has passed VerifyProgram. Returns kInvalidArgument naming the op and the
// field or tensor that is missing, unknown or wrong.
absl::StatusOr<Program> ParseProgram(absl::string_view json,
                                     const SafetensorsReader& weights);

}  // namespace moevit

#endif  // MOEVIT_PROGRAM_PROGRAM_READER_H_
