// The executable specification: every op of an integer program as plain loops
// over kernels/arith. Slow and readable; what it computes is right by
// definition, and every other executor is tested for equality against it.

#ifndef MOEVIT_KERNELS_REFERENCE_REFERENCE_EXECUTOR_H_
#define MOEVIT_KERNELS_REFERENCE_REFERENCE_EXECUTOR_H_

#include <memory>

#include "kernels/executor.h"
#include "program/program.h"

namespace moevit {

// Returns an executor of `program`, which must have passed VerifyProgram and
// must outlive it.
std::unique_ptr<Executor> NewReferenceExecutor(const Program* program);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_REFERENCE_REFERENCE_EXECUTOR_H_
