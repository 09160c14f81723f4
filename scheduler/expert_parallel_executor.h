// An executor whose experts are on several devices, the rest of the program on
// the processor. For models whose experts are larger than a device, up to
// several times larger than all devices together, or whose sparse layers one
// device is too slow for.
//
// Gives the same bits as every other executor, whatever the devices, their
// memory and what happens to them.

#ifndef MOEVIT_SCHEDULER_EXPERT_PARALLEL_EXECUTOR_H_
#define MOEVIT_SCHEDULER_EXPERT_PARALLEL_EXECUTOR_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/executor.h"
#include "program/program.h"
#include "scheduler/expert_parallel_runner.h"

namespace moevit {

struct ExpertParallelOptions {
  ExpertRunnerOptions runner;

  // The processor's part. Its expert_layers is not used.
  CpuExecutorOptions home;

  // Most bytes of packed experts that the processor keeps for itself: for
  // groups not worth a device's time and for when devices are lost. One expert
  // at least is kept.
  int64_t home_expert_bytes = std::numeric_limits<int64_t>::max();
};

// Thread-compatible, as every executor.
class ExpertParallelExecutor : public Executor {
 public:
  // `program` must have passed VerifyProgram and must outlive the executor.
  // Without devices, everything runs on the processor. Errors as for
  // FindExpertLayers.
  static absl::StatusOr<std::unique_ptr<ExpertParallelExecutor>> Create(
      const Program* program, std::vector<ExpertParallelDevice> devices,
      const ExpertParallelOptions& options);

  absl::string_view name() const override { return "expert_parallel"; }
  absl::Status Run(int images, absl::Span<const uint8_t> pixels,
                   absl::Span<int32_t> logits, ExpertLoad* load) override;
  absl::Status RunCancellable(int images, absl::Span<const uint8_t> pixels,
                              absl::Span<int32_t> logits, ExpertLoad* load,
                              absl::FunctionRef<bool()> cancelled) override;

  const ExpertPlacement& placement() const { return runner_.placement(); }
  ExpertRunnerStatistics statistics() const { return runner_.statistics(); }

 private:
  // Adds what the plain executor inside cannot know of the run since `before`.
  void AddSince(const ExpertRunnerStatistics& before, ExpertLoad* load) const;

  ExpertParallelExecutor(const Program* program,
                         std::vector<ExpertParallelDevice> devices,
                         std::unique_ptr<ExpertDevice> home,
                         const std::vector<int>& experts,
                         const ExpertParallelOptions& options);

  ExpertParallelRunner runner_;
  const std::unique_ptr<Executor> executor_;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_EXPERT_PARALLEL_EXECUTOR_H_
