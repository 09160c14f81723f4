// Which devices hold which experts of a model, by how busy the experts are.
//
// A model that fits every device is held by all of them, and whole batches can
// go to different devices. Otherwise its experts are divided: every layer on
// its own, since layers run one after the other and each waits for its busiest
// device. The busiest experts are held several times and their tokens divided,
// batch by batch, over the copies (expert_plan.h).
//
// Pure: loads are measured, and plans carried out, elsewhere.

#ifndef MOEVIT_SCHEDULER_EXPERTS_EXPERT_PLACEMENT_H_
#define MOEVIT_SCHEDULER_EXPERTS_EXPERT_PLACEMENT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace moevit {

struct PlacementDevice {
  int64_t memory_bytes = 0;
  // Load per unit of time, relative to the others. 0: the device is lost.
  double speed = 1;
};

struct PlacementLayer {
  int64_t expert_bytes = 0;   // of each of its experts
  std::vector<double> loads;  // by expert: tokens, or any other measure
};

struct PlacementProblem {
  std::vector<PlacementDevice> devices;
  std::vector<PlacementLayer> layers;
};

struct ExpertPlacement {
  // [layer][expert]: the devices that hold it, ascending. Empty: no device has
  // room for it; the processor runs it, or a device loads it when needed.
  std::vector<std::vector<std::vector<int>>> replicas;
  // Whether every working device holds every expert.
  bool everywhere = false;
};

struct PlacementOptions {
  // Copies are added until a layer's busiest device has at most this much
  // more than the mean, or no copy helps any more. REQUIRES: at least 1.
  double target_imbalance = 1.02;
  // A placement is left as it is while no layer exceeds this.
  double accepted_imbalance = 1.1;
};

struct PlacementPlan {
  ExpertPlacement placement;
  // By layer: the busiest device's time over the mean, for the problem's
  // loads, divided over the copies as well as possible.
  std::vector<double> imbalance;
  int moves = 0;     // copies that the previous placement did not have
  int unplaced = 0;  // experts, over all layers, that no device holds
};

// A placement from nothing. Returns
//   kInvalidArgument  a load, size or speed is negative or not finite
//   kUnavailable      no device works
absl::StatusOr<PlacementPlan> PlanPlacement(
    const PlacementProblem& problem,
    const PlacementOptions& options = PlacementOptions());

// A placement for changed loads or devices, near to `previous`: copies on lost
// devices are gone, experts that lost their last one are placed again, and
// only layers that exceed accepted_imbalance are improved, by as few moves as
// it takes. Errors as for PlanPlacement; also kInvalidArgument if `previous`
// is of another shape or names a device that is not there.
absl::StatusOr<PlacementPlan> ReplanPlacement(
    const PlacementProblem& problem, const ExpertPlacement& previous,
    const PlacementOptions& options = PlacementOptions());

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_EXPERTS_EXPERT_PLACEMENT_H_
