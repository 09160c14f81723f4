#include "scheduler/experts/expert_placement.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "scheduler/experts/replica_search.h"

namespace moevit {
namespace {

using LayerReplicas = std::vector<std::vector<int>>;

absl::Status CheckNumber(absl::string_view what, size_t index, double value) {
  if (std::isfinite(value) && value >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      what, " ", index, " is ", value, ", not a number of at least 0"));
}

absl::Status CheckProblem(const PlacementProblem& problem) {
  bool working = false;
  for (size_t d = 0; d < problem.devices.size(); ++d) {
    const PlacementDevice& device = problem.devices[d];
    MOEVIT_RETURN_IF_ERROR(CheckNumber("speed of device", d, device.speed));
    MOEVIT_RETURN_IF_ERROR(CheckNumber(
        "memory of device", d, static_cast<double>(device.memory_bytes)));
    working |= device.speed > 0;
  }
  for (size_t l = 0; l < problem.layers.size(); ++l) {
    const PlacementLayer& layer = problem.layers[l];
    if (layer.expert_bytes < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("an expert of layer ", l, " takes ", layer.expert_bytes,
                       " bytes, less than 1"));
    }
    for (double load : layer.loads) {
      MOEVIT_RETURN_IF_ERROR(CheckNumber("a load of layer", l, load));
    }
  }
  if (working) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("none of ", problem.devices.size(), " devices works"));
}

absl::Status CheckPrevious(const PlacementProblem& problem,
                           const ExpertPlacement& previous) {
  bool fits = previous.replicas.size() == problem.layers.size();
  const int devices = static_cast<int>(problem.devices.size());
  for (size_t l = 0; fits && l < problem.layers.size(); ++l) {
    fits = previous.replicas[l].size() == problem.layers[l].loads.size();
    for (const std::vector<int>& replicas : previous.replicas[l]) {
      for (int device : replicas) fits &= device >= 0 && device < devices;
    }
  }
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the previous placement is of other layers, experts or devices");
}

int64_t LayerBytes(const PlacementLayer& layer) {
  return layer.expert_bytes * static_cast<int64_t>(layer.loads.size());
}

bool FitsEverywhere(const PlacementProblem& problem) {
  int64_t bytes = 0;
  for (const PlacementLayer& layer : problem.layers) bytes += LayerBytes(layer);
  return std::all_of(problem.devices.begin(), problem.devices.end(),
                     [&](const PlacementDevice& device) {
                       return device.speed <= 0 || device.memory_bytes >= bytes;
                     });
}

// [layer][device]: how many experts of the layer a device has room for. Its
// memory is divided by what the layers take; what a layer leaves over of its
// part, being less than an expert, is the next one's.
std::vector<std::vector<int>> DivideMemory(const PlacementProblem& problem) {
  int64_t total = 0;
  for (const PlacementLayer& layer : problem.layers) total += LayerBytes(layer);
  std::vector<int64_t> taken(problem.devices.size());
  int64_t up_to_here = 0;
  std::vector<std::vector<int>> slots;
  for (const PlacementLayer& layer : problem.layers) {
    up_to_here += LayerBytes(layer);
    const double fraction =
        static_cast<double>(up_to_here) / static_cast<double>(total);
    std::vector<int> row;
    for (size_t d = 0; d < problem.devices.size(); ++d) {
      // More than the whole model is of no use.
      const int64_t memory = std::min(problem.devices[d].memory_bytes, total);
      const int64_t part =
          up_to_here == total
              ? memory
              : static_cast<int64_t>(static_cast<double>(memory) * fraction);
      const int64_t count = std::min((part - taken[d]) / layer.expert_bytes,
                                     static_cast<int64_t>(layer.loads.size()));
      row.push_back(static_cast<int>(count));
      taken[d] += count * layer.expert_bytes;
    }
    slots.push_back(std::move(row));
  }
  return slots;
}

// Expected loads of nothing measured are all equal.
std::vector<double> LoadsOrOnes(const std::vector<double>& loads) {
  const bool any = std::any_of(loads.begin(), loads.end(),
                               [](double load) { return load > 0; });
  return any ? loads : std::vector<double>(loads.size(), 1.0);
}

std::vector<double> Speeds(const PlacementProblem& problem) {
  std::vector<double> speeds;
  for (const PlacementDevice& device : problem.devices) {
    speeds.push_back(device.speed);
  }
  return speeds;
}

// The copies of `previous` on devices that still work and have the room.
LayerReplicas Surviving(const LayerReplicas& previous,
                        const std::vector<double>& speeds,
                        const std::vector<int>& slots) {
  std::vector<int> used(speeds.size());
  LayerReplicas surviving(previous.size());
  // One copy of each expert first, in case the slots have become fewer.
  for (const bool first : {true, false}) {
    for (size_t e = 0; e < previous.size(); ++e) {
      for (int device : previous[e]) {
        if (first && !surviving[e].empty()) break;
        if (speeds[device] <= 0 || used[device] >= slots[device]) continue;
        if (!first && device == surviving[e].front()) continue;
        surviving[e].push_back(device);
        ++used[device];
      }
    }
  }
  for (std::vector<int>& devices : surviving) {
    std::sort(devices.begin(), devices.end());
  }
  return surviving;
}

LayerReplicas Everywhere(size_t experts, const std::vector<double>& speeds) {
  std::vector<int> working;
  for (size_t d = 0; d < speeds.size(); ++d) {
    if (speeds[d] > 0) working.push_back(static_cast<int>(d));
  }
  return LayerReplicas(experts, working);
}

struct LayerPlan {
  LayerReplicas replicas;
  double imbalance = 1;
};

// previous: null to begin from nothing.
LayerPlan PlanLayer(const PlacementLayer& layer,
                    const std::vector<double>& speeds,
                    const std::vector<int>& slots,
                    const LayerReplicas* previous,
                    const PlacementOptions& options) {
  const std::vector<double> loads = LoadsOrOnes(layer.loads);
  ReplicaSearch fresh(loads, speeds, slots, LayerReplicas(loads.size()));
  const auto plan_fresh = [&]() -> LayerPlan {
    fresh.PlaceMissing();
    fresh.Improve(options.target_imbalance);
    return {fresh.replicas(), fresh.Imbalance()};
  };
  if (previous == nullptr) return plan_fresh();
  ReplicaSearch search(loads, speeds, slots,
                       Surviving(*previous, speeds, slots));
  search.PlaceMissing();
  if (search.Imbalance() > options.accepted_imbalance) {
    search.Improve(options.target_imbalance);
  }
  LayerPlan plan = {search.replicas(), search.Imbalance()};
  if (plan.imbalance <= options.accepted_imbalance) return plan;
  // Step by step did not lead there; starting over may.
  LayerPlan other = plan_fresh();
  return other.imbalance < plan.imbalance ? other : plan;
}

int CountMoves(const LayerReplicas& replicas, const LayerReplicas* previous) {
  int moves = 0;
  for (size_t e = 0; e < replicas.size(); ++e) {
    for (int device : replicas[e]) {
      const bool there =
          previous != nullptr &&
          std::count((*previous)[e].begin(), (*previous)[e].end(), device) > 0;
      if (!there) ++moves;
    }
  }
  return moves;
}

absl::StatusOr<PlacementPlan> Plan(const PlacementProblem& problem,
                                   const ExpertPlacement* previous,
                                   const PlacementOptions& options) {
  MOEVIT_RETURN_IF_ERROR(CheckProblem(problem));
  const std::vector<double> speeds = Speeds(problem);
  const std::vector<std::vector<int>> slots = DivideMemory(problem);
  PlacementPlan plan;
  plan.placement.everywhere = FitsEverywhere(problem);
  for (size_t l = 0; l < problem.layers.size(); ++l) {
    const PlacementLayer& layer = problem.layers[l];
    const LayerReplicas* const before =
        previous == nullptr ? nullptr : &previous->replicas[l];
    LayerPlan result;
    if (plan.placement.everywhere) {
      result.replicas = Everywhere(layer.loads.size(), speeds);
    } else {
      result = PlanLayer(layer, speeds, slots[l], before, options);
    }
    plan.moves += CountMoves(result.replicas, before);
    for (const std::vector<int>& devices : result.replicas) {
      if (devices.empty()) ++plan.unplaced;
    }
    plan.imbalance.push_back(result.imbalance);
    plan.placement.replicas.push_back(std::move(result.replicas));
  }
  return plan;
}

}  // namespace

absl::StatusOr<PlacementPlan> PlanPlacement(const PlacementProblem& problem,
                                            const PlacementOptions& options) {
  return Plan(problem, nullptr, options);
}

absl::StatusOr<PlacementPlan> ReplanPlacement(const PlacementProblem& problem,
                                              const ExpertPlacement& previous,
                                              const PlacementOptions& options) {
  MOEVIT_RETURN_IF_ERROR(CheckPrevious(problem, previous));
  return Plan(problem, &previous, options);
}

}  // namespace moevit
