// A quantized model on disk: a directory with
//   config.json          the model's configuration, as beside a checkpoint
//   program.json         the ops and their scalar parameters
//   weights.safetensors  the ops' tensors, named <op>.<parameter>
//   manifest.json        size and SHA-256 of the three files above
//
// Only these two functions know the format.

#ifndef MOEVIT_PROGRAM_QUANTIZED_MODEL_H_
#define MOEVIT_PROGRAM_QUANTIZED_MODEL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/config.h"
#include "program/program.h"

namespace moevit {

struct QuantizedModel {
  ModelConfig config;
  Program program;
};

// Reads and verifies `directory`: manifest, structure, and the proof that no
// intermediate overflows (program/verify.h). Returns kNotFound for a missing
// file, kDataLoss for one that does not match the manifest, kInvalidArgument
// for a program that is not well formed, naming op and bound.
absl::StatusOr<QuantizedModel> LoadQuantizedModel(const std::string& directory);

// Verifies `model` and writes it to `directory`, which must not exist yet: the
// files are written to a sibling directory that is then renamed, so a reader
// never sees a half-written model. Returns kAlreadyExists if `directory` is
// there.
absl::Status SaveQuantizedModel(const QuantizedModel& model,
                                const std::string& directory);

}  // namespace moevit

#endif  // MOEVIT_PROGRAM_QUANTIZED_MODEL_H_
