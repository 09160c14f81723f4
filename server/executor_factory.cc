#include "server/executor_factory.h"

#include <algorithm>
#include <utility>

#include "base/cpu_count.h"
#include "base/status_macros.h"
#include "kernels/cpu/cpu_executor.h"

namespace moevit {
namespace {

CpuExecutorOptions CpuOptions(const ServerOptions& options) {
  CpuExecutorOptions cpu;
  cpu.max_batch = options.batching.max_batch_size;
  cpu.threads = options.threads_per_batch;
  cpu.pin_threads = options.pin_threads;
  if (cpu.threads == 0) {
    cpu.threads = std::max(
        1, AvailableCpuCount() / std::max(1, options.concurrent_batches));
  }
  return cpu;
}

}  // namespace

ExecutorFactory::ExecutorFactory(const ServerOptions& options,
                                 std::shared_ptr<CardDevices> cards,
                                 OnDeviceChange on_device_change)
    : max_batch_(options.batching.max_batch_size),
      devices_(options.all_devices()),
      cards_(std::move(cards)),
      on_device_change_(std::move(on_device_change)),
      processor_(CpuOptions(options), options.expert_memory,
                 options.batches_stay_on_nodes()
                     ? options.memory_nodes
                     : std::vector<std::vector<int>>()) {}

absl::StatusOr<std::unique_ptr<Executor>> ExecutorFactory::New(
    const DeviceSpec& device, const Program* program) {
  if (device.kind == DeviceSpec::Kind::kCpu) return processor_.New(program);
  MOEVIT_ASSIGN_OR_RETURN(const bool divided, IsDivided(program));
  const bool shared = device.kind == DeviceSpec::Kind::kCards;
  if (shared != divided) return nullptr;
  if (shared) return NewDivided(device.cards, program);
  return cards_->NewExecutor(device, program, max_batch_);
}

absl::StatusOr<bool> ExecutorFactory::IsDivided(const Program* program) {
  for (const DeviceSpec& device : devices_) {
    if (device.kind != DeviceSpec::Kind::kCards) continue;
    for (const DeviceSpec& card : device.cards) {
      MOEVIT_ASSIGN_OR_RETURN(const bool fits,
                              cards_->ExpertsFit(card, program));
      if (!fits) return true;
    }
  }
  return false;
}

absl::StatusOr<std::unique_ptr<Executor>> ExecutorFactory::NewDivided(
    const std::vector<DeviceSpec>& cards, const Program* program) {
  ExpertRunnerOptions options;
  options.on_device_change = on_device_change_;
  options.learn_costs = true;
  std::vector<ExpertParallelDevice> devices;
  for (const DeviceSpec& card : cards) {
    MOEVIT_ASSIGN_OR_RETURN(devices.emplace_back().device,
                            cards_->NewExpertDevice(card, program));
  }
  return processor_.NewWithExpertsOn(std::move(devices), options, program);
}

}  // namespace moevit
