// The executors that the processor gets, one for each batch that it executes
// side by side.

#ifndef MOEVIT_SERVER_CPU_EXECUTORS_H_
#define MOEVIT_SERVER_CPU_EXECUTORS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/executor.h"
#include "program/program.h"
#include "scheduler/expert_parallel_runner.h"

namespace moevit {

// Makes them, each on a memory node of its own where there are several. Thread
// safe.
class CpuExecutors {
 public:
  //   each           the options of every executor, apart from its processors
  //   expert_memory  see NewCpuExecutorWithin
  //   nodes          the processors of each node; the executors stay on one
  //                  after the other, in turn. Empty: they run anywhere
  CpuExecutors(const CpuExecutorOptions& each, int64_t expert_memory,
               const std::vector<std::vector<int>>& nodes)
      : each_(each), expert_memory_(expert_memory), nodes_(nodes) {}

  // See NewCpuExecutorWithin.
  absl::StatusOr<std::unique_ptr<Executor>> New(const Program* program);

  // One whose experts run on `devices`, and on the processor when these are
  // lost. options: of the devices. Errors as for FindExpertLayers.
  absl::StatusOr<std::unique_ptr<Executor>> NewWithExpertsOn(
      std::vector<ExpertParallelDevice> devices,
      const ExpertRunnerOptions& options, const Program* program);

 private:
  CpuExecutorOptions NextOptions();

  const CpuExecutorOptions each_;
  const int64_t expert_memory_;
  const std::vector<std::vector<int>> nodes_;
  std::atomic<size_t> made_{0};
};

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
