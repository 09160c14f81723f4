#include "scheduler/expert_parallel_executor.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

#include "base/cpu_count.h"
#include "base/status_macros.h"
#include "base/thread_affinity.h"
#include "kernels/cpu/cpu_expert_device.h"

namespace moevit {
namespace {

CpuExecutorOptions WithRunner(const CpuExecutorOptions& options,
                              ExpertLayerRunner* runner) {
  CpuExecutorOptions result = options;
  result.expert_layers = runner;
  return result;
}

ExpertDeviceLoad Since(const ExpertRunnerStatistics::Device& before,
                       const ExpertRunnerStatistics::Device& now) {
  const ExpertCacheStatistics& old_weights = before.work.weights;
  const ExpertCacheStatistics& weights = now.work.weights;
  ExpertDeviceLoad load;
  load.device = now.name;
  load.misses = weights.misses - old_weights.misses;
  load.loads = load.misses + weights.hits - old_weights.hits;
  load.bytes = weights.bytes_loaded - old_weights.bytes_loaded;
  load.rows = now.work.rows - before.work.rows;
  load.rows_in_tiles = now.work.rows_in_tiles - before.work.rows_in_tiles;
  load.losses = now.losses - before.losses;
  load.lost = now.lost;
  return load;
}

void Add(const ExpertDeviceLoad& run, ExpertDeviceLoad* sum) {
  sum->device = run.device;
  sum->loads += run.loads;
  sum->misses += run.misses;
  sum->bytes += run.bytes;
  sum->rows += run.rows;
  sum->rows_in_tiles += run.rows_in_tiles;
  sum->losses += run.losses;
  sum->lost = run.lost;
}

absl::StatusOr<std::unique_ptr<ExpertDevice>> NewHome(
    const Program* program, size_t layers,
    const ExpertParallelOptions& options) {
  CpuExpertDeviceOptions device;
  device.name = "home";
  device.isa = options.home.isa;
  // How large one expert is, a device without work can tell.
  MOEVIT_ASSIGN_OR_RETURN(const auto probe,
                          NewCpuExpertDevice(program, device));
  device.memory_bytes = options.home_expert_bytes;
  for (size_t layer = 0; layer < layers; ++layer) {
    device.memory_bytes = std::max(device.memory_bytes,
                                   probe->ExpertBytes(static_cast<int>(layer)));
  }
  device.threads =
      options.home.threads > 0 ? options.home.threads : AvailableCpuCount();
  return NewCpuExpertDevice(program, device);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ExpertParallelExecutor>>
ExpertParallelExecutor::Create(const Program* program,
                               std::vector<ExpertParallelDevice> devices,
                               const ExpertParallelOptions& options) {
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<ExpertLayer> layers,
                          FindExpertLayers(*program));
  std::vector<int> experts;
  experts.reserve(layers.size());
  for (const ExpertLayer& layer : layers) {
    experts.push_back(std::get<GateOp>(program->ops[layer.gate].body).experts);
  }
  const ScopedAffinity bound(options.home.processors);
  MOEVIT_ASSIGN_OR_RETURN(std::unique_ptr<ExpertDevice> home,
                          NewHome(program, layers.size(), options));
  return std::unique_ptr<ExpertParallelExecutor>(new ExpertParallelExecutor(
      program, std::move(devices), std::move(home), experts, options));
}

ExpertParallelExecutor::ExpertParallelExecutor(
    const Program* program, std::vector<ExpertParallelDevice> devices,
    std::unique_ptr<ExpertDevice> home, const std::vector<int>& experts,
    const ExpertParallelOptions& options)
    : runner_(std::move(devices), std::move(home), experts, options.runner),
      executor_(NewCpuExecutor(program, WithRunner(options.home, &runner_))) {}

absl::Status ExpertParallelExecutor::Run(int images,
                                         absl::Span<const uint8_t> pixels,
                                         absl::Span<int32_t> logits,
                                         ExpertLoad* load) {
  return RunCancellable(images, pixels, logits, load, [] { return false; });
}

absl::Status ExpertParallelExecutor::RunCancellable(
    int images, absl::Span<const uint8_t> pixels, absl::Span<int32_t> logits,
    ExpertLoad* load, absl::FunctionRef<bool()> cancelled) {
  if (load == nullptr) {
    return executor_->RunCancellable(images, pixels, logits, nullptr,
                                     cancelled);
  }
  const ExpertRunnerStatistics before = runner_.statistics();
  MOEVIT_RETURN_IF_ERROR(
      executor_->RunCancellable(images, pixels, logits, load, cancelled));
  AddSince(before, load);
  return absl::OkStatus();
}

void ExpertParallelExecutor::AddSince(const ExpertRunnerStatistics& before,
                                      ExpertLoad* load) const {
  const ExpertRunnerStatistics now = runner_.statistics();
  const size_t devices = now.devices.size();
  // One is the processor alone.
  if (devices > 1) load->devices.resize(devices);
  for (size_t d = 0; d < devices; ++d) {
    const ExpertDeviceLoad run = Since(before.devices[d], now.devices[d]);
    load->weight_misses += run.misses;
    load->moved_bytes += run.bytes;
    load->rows_in_tiles += run.rows_in_tiles - run.rows;
    if (devices > 1) Add(run, &load->devices[d]);
  }
  // The processor has counted as if it had run every layer alone.
  const auto layers = static_cast<double>(now.layers - before.layers);
  load->imbalance_sum +=
      std::llround(1000 * (now.imbalance_sum - before.imbalance_sum - layers));
}

}  // namespace moevit
