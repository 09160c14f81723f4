// The sparse layers of a model over several expert devices: plans every layer
// of every batch, keeps the placement fit for the measured load, and sees to
// it that a lost device costs time but no result, and is used again once it
// comes back.
//
// The inner part of expert_parallel_executor.h.

#ifndef MOEVIT_SCHEDULER_EXPERT_PARALLEL_RUNNER_H_
#define MOEVIT_SCHEDULER_EXPERT_PARALLEL_RUNNER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kernels/expert_layer.h"
#include "scheduler/clock.h"
#include "scheduler/device_health.h"
#include "scheduler/expert_station.h"
#include "scheduler/experts/expert_placement.h"
#include "scheduler/experts/expert_plan.h"
#include "scheduler/station_thread.h"

namespace moevit {

struct ExpertParallelDevice {
  std::unique_ptr<ExpertDevice> device;
  double speed = 1;  // rows per unit of time, relative to the others
  // All zero: not known. Parts go home because they are cold where the costs of
  // all devices that run the layer, and of the home, are known.
  ExpertCosts costs;
};

struct ExpertRunnerOptions {
  ExpertPlanOptions plan;
  PlacementOptions placement;
  ExpertCosts home_costs;
  // Costs are learned from the runs of devices and home; those given do not
  // count. For that, in the first batches and in one of batches_per_replan, the
  // home gets the coldest part of each layer and no other. Default: no.
  bool learn_costs = false;
  // Batches after which the measured load is compared with the placement, and
  // the most used experts of every device are pinned.
  // REQUIRES: at least 1.
  int batches_per_replan = 64;
  // What counts of older load when it is. REQUIRES: in [0, 1).
  double load_decay = 0.5;
  // When a lost device is tried again. Between two batches, on its own thread.
  DeviceHealthOptions health;
  Clock* clock = Clock::Real();  // must outlive the runner
  // Called on the thread of RunLayer when a device is lost or could not be
  // restored, with why, or is used again, with OK. May be empty.
  std::function<void(absl::string_view device, const absl::Status& status)>
      on_device_change;
  // Devices compute at the same time, each on a thread of its own. Otherwise
  // one after the other, on the caller's: for simulations. Default: yes.
  bool threads = true;
};

// Totals since the beginning, by device where a device is named; the last of
// `devices` is the home.
struct ExpertRunnerStatistics {
  struct Device {
    std::string name;
    bool lost = false;
    int64_t losses = 0;
    ExpertStationStatistics work;
  };
  std::vector<Device> devices;
  int64_t layers = 0;         // sparse layers run
  int64_t rows = 0;           // assignments in them
  int64_t rows_in_tiles = 0;  // these with every group in whole tiles, of
                              // ExpertPlanOptions::min_rows
  double imbalance_sum = 0;   // over the layers: see ExpertPlanner::Imbalance
  int64_t parts_rerun = 0;    // that a device left behind
  int64_t replans = 0;        // of the placement, the first not counted
  int64_t replica_moves = 0;  // by these
};

// Thread-compatible.
class ExpertParallelRunner : public ExpertLayerRunner {
 public:
  // experts: by layer, how many it has. home: runs what no device can; its
  // failure is the layer's.
  ExpertParallelRunner(std::vector<ExpertParallelDevice> devices,
                       std::unique_ptr<ExpertDevice> home,
                       const std::vector<int>& experts,
                       const ExpertRunnerOptions& options);

  absl::Status RunLayer(const ExpertLayerCall& call) override;

  const ExpertPlacement& placement() const { return placement_; }
  ExpertRunnerStatistics statistics() const;

 private:
  void BeginBatch();
  // Uses lost devices again that have come back, and tries others once more.
  void RestoreDevices();
  void OnLost(size_t device);
  void TellChange(size_t device, const absl::Status& status) const;
  void Measure(const ExpertLayerCall& call);
  // Plans for the devices that are left; `again` keeps near to what is.
  void Replan(bool again);
  // By layer and expert: who runs it. The copies of the placement; for an
  // expert without, the one device that loads it when needed, if any can.
  void ChooseRunners();
  void MoveColdParts(int layer);
  // Takes over what the devices and the home have learned of their costs.
  void TakeLearnedCosts();
  // Runs what the planner has, on the devices and at home at the same time.
  // What a device has no room for is done at home afterwards; what a lost one
  // left behind is in left_.
  absl::Status RunParts(const ExpertLayerCall& call);
  absl::Status RunAtHome(const ExpertLayerCall& call,
                         absl::Span<ExpertPart> parts);

  const ExpertRunnerOptions options_;
  std::vector<std::unique_ptr<StationThread>> stations_;
  const std::vector<double> speeds_;  // by device, while it is not lost
  std::vector<DeviceHealth> health_;
  std::vector<int64_t> losses_;
  ExpertStation home_;
  std::vector<ExpertCosts> costs_;
  ExpertCosts home_costs_;
  bool costs_known_ = false;

  PlacementProblem problem_;  // loads as last measured, decayed
  std::vector<std::vector<double>> new_loads_;
  ExpertPlacement placement_;
  std::vector<std::vector<std::vector<int>>> runners_;
  ExpertPlanner planner_;
  std::vector<std::vector<uint8_t>> resident_;  // by device, of one layer
  std::vector<ExpertPart> left_;

  int64_t batches_ = 0;
  bool devices_changed_ = false;  // since the last Replan
  ExpertRunnerStatistics totals_;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_EXPERT_PARALLEL_RUNNER_H_
