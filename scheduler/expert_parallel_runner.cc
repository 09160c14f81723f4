#include "scheduler/expert_parallel_runner.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "scheduler/experts/expert_groups.h"

namespace moevit {
namespace {

std::vector<double> Speeds(const std::vector<ExpertParallelDevice>& devices) {
  std::vector<double> speeds;
  speeds.reserve(devices.size());
  for (const ExpertParallelDevice& device : devices) {
    speeds.push_back(device.speed);
  }
  return speeds;
}

bool IsKnown(const ExpertCosts& costs) {
  return costs.load > 0 || costs.launch > 0 || costs.per_row > 0;
}

}  // namespace

ExpertParallelRunner::ExpertParallelRunner(
    std::vector<ExpertParallelDevice> devices,
    std::unique_ptr<ExpertDevice> home, const std::vector<int>& experts,
    const ExpertRunnerOptions& options)
    : options_(options),
      speeds_(Speeds(devices)),
      health_(devices.size(), DeviceHealth(options.health)),
      losses_(devices.size()),
      home_(std::move(home), experts, options.clock),
      home_costs_(options.home_costs),
      planner_(speeds_, options.plan) {
  for (size_t layer = 0; layer < experts.size(); ++layer) {
    const int number = static_cast<int>(layer);
    problem_.layers.push_back({home_.device().ExpertBytes(number),
                               std::vector<double>(experts[layer])});
    for (const ExpertParallelDevice& device : devices) {
      PlacementLayer& sizes = problem_.layers.back();
      sizes.expert_bytes =
          std::max(sizes.expert_bytes, device.device->ExpertBytes(number));
    }
    new_loads_.emplace_back(experts[layer]);
  }
  costs_known_ = IsKnown(options.home_costs);
  for (ExpertParallelDevice& device : devices) {
    problem_.devices.push_back({device.device->memory_bytes(), device.speed});
    costs_.push_back(device.costs);
    costs_known_ &= IsKnown(device.costs);
    stations_.push_back(std::make_unique<StationThread>(
        std::make_unique<ExpertStation>(std::move(device.device), experts,
                                        options.clock),
        options.threads));
  }
  resident_.resize(stations_.size());
  Replan(/*again=*/false);
}

void ExpertParallelRunner::Replan(bool again) {
  const absl::StatusOr<PlacementPlan> plan =
      again ? ReplanPlacement(problem_, placement_, options_.placement)
            : PlanPlacement(problem_, options_.placement);
  if (plan.ok()) {
    placement_ = plan->placement;
    if (again) {
      ++totals_.replans;
      totals_.replica_moves += plan->moves;
    }
  } else {
    // No device works: everything is done at home.
    for (auto& layer : placement_.replicas) {
      for (std::vector<int>& replicas : layer) replicas.clear();
    }
    placement_.replicas.resize(problem_.layers.size());
    for (size_t l = 0; l < problem_.layers.size(); ++l) {
      placement_.replicas[l].resize(problem_.layers[l].loads.size());
    }
  }
  devices_changed_ = false;
  ChooseRunners();
}

void ExpertParallelRunner::ChooseRunners() {
  runners_ = placement_.replicas;
  std::vector<double> loads(stations_.size());
  for (size_t l = 0; l < runners_.size(); ++l) {
    for (size_t e = 0; e < runners_[l].size(); ++e) {
      if (!runners_[l][e].empty()) continue;
      int best = -1;
      for (size_t d = 0; d < stations_.size(); ++d) {
        const PlacementDevice& device = problem_.devices[d];
        if (device.speed <= 0 ||
            device.memory_bytes < problem_.layers[l].expert_bytes) {
          continue;
        }
        if (best < 0 || loads[d] < loads[best]) best = static_cast<int>(d);
      }
      if (best < 0) continue;
      runners_[l][e].push_back(best);
      // A cold expert is a load and little else, however cold.
      loads[best] += 1 / problem_.devices[best].speed;
    }
  }
}

void ExpertParallelRunner::OnLost(size_t device) {
  health_[device].OnFault(options_.clock->Now());
  ++losses_[device];
  problem_.devices[device].speed = 0;
  devices_changed_ = true;
  TellChange(device, stations_[device]->station().status());
}

void ExpertParallelRunner::TellChange(size_t device,
                                      const absl::Status& status) const {
  if (!options_.on_device_change) return;
  options_.on_device_change(stations_[device]->station().device().name(),
                            status);
}

void ExpertParallelRunner::RestoreDevices() {
  for (size_t d = 0; d < stations_.size(); ++d) {
    DeviceHealth& health = health_[d];
    if (health.serving()) {
      health.OnBatchSucceeded();
      continue;
    }
    const absl::Time now = options_.clock->Now();
    if (now >= health.probe_time()) {
      health.OnProbeStarted();
      stations_[d]->StartRestore();
    }
    const std::optional<absl::Status> restored = stations_[d]->PollRestore();
    if (!restored.has_value()) continue;
    health.OnProbeFinished(restored->ok(), now);
    TellChange(d, *restored);
    if (!restored->ok()) continue;
    stations_[d]->station().OnRestored();
    problem_.devices[d].speed = speeds_[d];
    devices_changed_ = true;
  }
}

void ExpertParallelRunner::BeginBatch() {
  RestoreDevices();
  home_.BeginBatch();
  for (const auto& station : stations_) station->station().BeginBatch();
  ++batches_;
  if (batches_ % options_.batches_per_replan != 0) return;
  for (size_t l = 0; l < new_loads_.size(); ++l) {
    for (size_t e = 0; e < new_loads_[l].size(); ++e) {
      double& load = problem_.layers[l].loads[e];
      load = options_.load_decay * load + new_loads_[l][e];
      new_loads_[l][e] = 0;
    }
  }
  Replan(/*again=*/true);
  for (const auto& station : stations_) station->station().PinHottest();
}

void ExpertParallelRunner::Measure(const ExpertLayerCall& call) {
  std::vector<double>& loads = new_loads_[call.layer];
  for (size_t e = 0; e < loads.size(); ++e) {
    loads[e] += call.first[e + 1] - call.first[e];
  }
  ++totals_.layers;
  totals_.rows += call.first.back();
  totals_.rows_in_tiles += RowsInTiles(call.first, options_.plan.min_rows);
}

absl::Status ExpertParallelRunner::RunLayer(const ExpertLayerCall& call) {
  if (call.layer == 0) BeginBatch();
  if (devices_changed_) Replan(/*again=*/true);
  Measure(call);
  planner_.Plan(call.first, runners_[call.layer]);
  totals_.imbalance_sum += planner_.Imbalance();
  MoveColdParts(call.layer);
  MOEVIT_RETURN_IF_ERROR(RunParts(call));
  // Every round but the last loses a device.
  while (!left_.empty()) {
    totals_.parts_rerun += static_cast<int64_t>(left_.size());
    Replan(/*again=*/true);
    planner_.PlanParts(left_, runners_[call.layer]);
    MOEVIT_RETURN_IF_ERROR(RunParts(call));
  }
  return absl::OkStatus();
}

void ExpertParallelRunner::MoveColdParts(int layer) {
  if (options_.learn_costs) {
    // So that what devices and home cost is known, and stays so.
    if (!home_.costs().known() || batches_ % options_.batches_per_replan == 0) {
      planner_.MoveColdestPartHome();
      return;
    }
    TakeLearnedCosts();
  }
  if (!costs_known_) return;
  for (size_t d = 0; d < stations_.size(); ++d) {
    const absl::Span<const uint8_t> there =
        stations_[d]->station().Resident(layer);
    resident_[d].assign(there.begin(), there.end());
  }
  planner_.MoveColdPartsHome(costs_, home_costs_, resident_);
}

void ExpertParallelRunner::TakeLearnedCosts() {
  home_costs_ = home_.costs().costs();
  costs_known_ = home_.costs().known();
  for (size_t d = 0; d < stations_.size(); ++d) {
    const ExpertStation& station = stations_[d]->station();
    costs_[d] = station.costs().costs();
    costs_known_ &=
        planner_.parts(static_cast<int>(d)).empty() || station.costs().known();
  }
}

absl::Status ExpertParallelRunner::RunParts(const ExpertLayerCall& call) {
  const bool reverse = batches_ % 2 == 0;
  left_.clear();
  for (size_t d = 0; d < stations_.size(); ++d) {
    std::vector<ExpertPart>& parts = planner_.parts(static_cast<int>(d));
    if (!parts.empty()) {
      stations_[d]->Start(call, reverse, absl::MakeSpan(parts));
    }
  }
  absl::Status status = RunAtHome(call, absl::MakeSpan(planner_.unplaced()));
  for (size_t d = 0; d < stations_.size(); ++d) {
    std::vector<ExpertPart>& parts = planner_.parts(static_cast<int>(d));
    if (parts.empty()) continue;
    // All must have finished before the call's memory may go.
    const absl::Span<ExpertPart> rest =
        absl::MakeSpan(parts).subspan(stations_[d]->Finish());
    if (rest.empty()) continue;
    if (stations_[d]->station().lost()) {
      OnLost(d);
      left_.insert(left_.end(), rest.begin(), rest.end());
    } else {
      status.Update(RunAtHome(call, rest));
    }
  }
  return status;
}

absl::Status ExpertParallelRunner::RunAtHome(const ExpertLayerCall& call,
                                             absl::Span<ExpertPart> parts) {
  if (parts.empty()) return absl::OkStatus();
  const bool reverse = batches_ % 2 == 0;
  if (home_.Run(call, reverse, parts) == parts.size()) {
    return absl::OkStatus();
  }
  return home_.status();
}

ExpertRunnerStatistics ExpertParallelRunner::statistics() const {
  ExpertRunnerStatistics result = totals_;
  const auto add = [&](const ExpertStation& station, int64_t losses) {
    result.devices.push_back({std::string(station.device().name()),
                              station.lost(), losses, station.statistics()});
  };
  for (size_t d = 0; d < stations_.size(); ++d) {
    const StationThread& station = *stations_[d];
    add(station.station(), losses_[d]);
  }
  add(home_, /*losses=*/0);
  return result;
}

}  // namespace moevit
