// Turns a program into the two files that hold it.

#ifndef MOEVIT_PROGRAM_PROGRAM_WRITER_H_
#define MOEVIT_PROGRAM_PROGRAM_WRITER_H_

#include <string>

#include "absl/status/statusor.h"
#include "program/program.h"

namespace moevit {

struct SerializedProgram {
  std::string json;     // the content of program.json
  std::string weights;  // the content of weights.safetensors
};

// The same program gives the same bytes. `program` has passed VerifyProgram.
absl::StatusOr<SerializedProgram> SerializeProgram(const Program& program);

}  // namespace moevit

#endif  // MOEVIT_PROGRAM_PROGRAM_WRITER_H_
