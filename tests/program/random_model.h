// A small model that real executors can run.

#ifndef MOEVIT_TESTS_SERVER_RANDOM_MODEL_H_
#define MOEVIT_TESTS_SERVER_RANDOM_MODEL_H_

#include "program/quantized_model.h"

namespace moevit {

// With random weights, the same each time.
QuantizedModel RandomModel();

}  // namespace moevit

#endif  // MOEVIT_TESTS_SERVER_RANDOM_MODEL_H_
