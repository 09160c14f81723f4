#include "server/cpu_executors.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "kernels/cpu/cpu_expert_device.h"
#include "kernels/expert_layer.h"
#include "scheduler/expert_parallel_executor.h"

namespace moevit {
namespace {

// 0 for a program without experts.
absl::StatusOr<int64_t> LargestExpertBytes(const Program* program,
                                           const CpuExecutorOptions& options) {
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<ExpertLayer> layers,
                          FindExpertLayers(*program));
  // How large one expert is, a device without work can tell.
  CpuExpertDeviceOptions device;
  device.isa = options.isa;
  MOEVIT_ASSIGN_OR_RETURN(const auto probe,
                          NewCpuExpertDevice(program, device));
  int64_t largest = 0;
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    largest = std::max(largest, probe->ExpertBytes(static_cast<int>(layer)));
  }
  return largest;
}

}  // namespace

CpuExecutorOptions CpuExecutors::NextOptions() {
  CpuExecutorOptions options = each_;
  if (!nodes_.empty()) {
    options.processors = nodes_[made_++ % nodes_.size()];
    // Nodes may have different numbers of processors.
    options.threads =
        std::min(options.threads, static_cast<int>(options.processors.size()));
  }
  return options;
}

absl::StatusOr<std::unique_ptr<Executor>> CpuExecutors::New(
    const Program* program) {
  return NewCpuExecutorWithin(expert_memory_, program, NextOptions());
}

absl::StatusOr<std::unique_ptr<Executor>> CpuExecutors::NewWithExpertsOn(
    std::vector<ExpertParallelDevice> devices,
    const ExpertRunnerOptions& options, const Program* program) {
  ExpertParallelOptions parallel;
  parallel.runner = options;
  parallel.home = NextOptions();
  if (expert_memory_ > 0) parallel.home_expert_bytes = expert_memory_;
  return ExpertParallelExecutor::Create(program, std::move(devices), parallel);
}

absl::StatusOr<std::unique_ptr<Executor>> NewCpuExecutorWithin(
    int64_t expert_memory, const Program* program,
    const CpuExecutorOptions& options) {
  if (expert_memory == 0) return NewCpuExecutor(program, options);
  MOEVIT_ASSIGN_OR_RETURN(const int64_t largest,
                          LargestExpertBytes(program, options));
  if (largest == 0) return NewCpuExecutor(program, options);
  if (largest > expert_memory) {
    return absl::InvalidArgumentError(
        absl::StrFormat("expert_memory is %d bytes, one expert alone takes %d",
                        expert_memory, largest));
  }
  ExpertParallelOptions within;
  within.home = options;
  within.home_expert_bytes = expert_memory;
  return ExpertParallelExecutor::Create(program, /*devices=*/{}, within);
}

}  // namespace moevit
