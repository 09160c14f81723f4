// The executors that the processor gets, one for each batch that it executes
// side by side.

#ifndef MOEVIT_SERVER_CPU_EXECUTORS_H_
#define MOEVIT_SERVER_CPU_EXECUTORS_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/executor.h"
#include "program/program.h"

namespace moevit {

// `program` must have passed VerifyProgram and must outlive the executor.
//   expert_memory  most bytes of packed experts that it keeps at a time; it
//                  then packs an expert when it is needed and drops those used
//                  least. 0: all experts are packed at once and stay.
// Returns kInvalidArgument, naming both sizes, if a single expert takes more
// than expert_memory; and as FindExpertLayers.
absl::StatusOr<std::unique_ptr<Executor>> NewCpuExecutorWithin(
    int64_t expert_memory, const Program* program,
    const CpuExecutorOptions& options);

}  // namespace moevit

#endif  // MOEVIT_SERVER_CPU_EXECUTORS_H_
