// Quantized models with random weights, for tests and for measurements without
// a trained model.

#ifndef MOEVIT_PROGRAM_RANDOM_MODEL_H_
#define MOEVIT_PROGRAM_RANDOM_MODEL_H_

#include "program/quantized_model.h"
#include "program/random_program.h"

namespace moevit {

// RandomProgram(options), with the configuration that describes it. The same
// for the same options.
QuantizedModel RandomModel(const RandomProgramOptions& options = {});

}  // namespace moevit

#endif  // MOEVIT_PROGRAM_RANDOM_MODEL_H_
