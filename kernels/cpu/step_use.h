// What a step reads and writes and how far its results reach: enough to decide
// what may run side by side and where values live. Plain data.

#ifndef MOEVIT_KERNELS_CPU_STEP_USE_H_
#define MOEVIT_KERNELS_CPU_STEP_USE_H_

#include <vector>

#include "program/program.h"

namespace moevit::cpu {

// What a row of a step's results depends on.
enum class Scope {
  kRows,    // the same row of its inputs
  kImages,  // rows of the same image
  kBatch,   // rows of the whole batch
};

struct StepUse {
  Scope scope = Scope::kBatch;
  int rows = 0;  // per image, of all values of a step of Scope::kRows
  std::vector<ValueId> values;  // read or written
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_STEP_USE_H_
