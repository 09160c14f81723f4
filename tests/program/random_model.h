// A small quantized model with random weights, which every executor can run.

#ifndef MOEVIT_TESTS_PROGRAM_RANDOM_MODEL_H_
#define MOEVIT_TESTS_PROGRAM_RANDOM_MODEL_H_

#include "program/quantized_model.h"
#include "program/random_program.h"

namespace moevit {

// RandomProgram(options), with the configuration that describes it. The same
// for the same options. REQUIRES: a depth of at least 2 if there are experts.
QuantizedModel RandomModel(const RandomProgramOptions& options = {});

}  // namespace moevit

#endif  // MOEVIT_TESTS_PROGRAM_RANDOM_MODEL_H_
