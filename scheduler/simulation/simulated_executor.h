// What executes batches in a simulation: a device of given costs, or several
// that share the experts of every batch. Experts run through the planner,
// caches and placement that a server uses.

#ifndef MOEVIT_SCHEDULER_SIMULATION_SIMULATED_EXECUTOR_H_
#define MOEVIT_SCHEDULER_SIMULATION_SIMULATED_EXECUTOR_H_

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "scheduler/expert_parallel_runner.h"
#include "scheduler/simulation/random_routing.h"
#include "scheduler/simulation/simulated_expert_device.h"

namespace moevit {

struct SimulatedDevice {
  std::string name;
  int lanes = 1;          // batches side by side, each with its own experts
  absl::Duration launch;  // per batch
  absl::Duration image;   // per image, without its experts
  SimulatedExpertCosts experts = {};

  // Something else holds up this share of the batches, for so long each.
  double stall_share = 0;
  absl::Duration stall;

  // It fails all that it executes from then on and until it is back.
  absl::Duration fails_at = absl::InfiniteDuration();
  absl::Duration back_at = absl::InfiniteDuration();

  // Returns kInvalidArgument naming the field and its value.
  absl::Status Validate() const;
};

struct SimulatedExperts {
  RoutingOptions routing;
  int64_t expert_bytes = int64_t{1} << 20;
  SimulatedExpertCosts home;  // the processor, for what devices cannot run
  ExpertRunnerOptions runner;

  // Returns kInvalidArgument naming the field and its value.
  absl::Status Validate() const;
};

// Totals of an executor's experts.
struct ExpertTotals {
  ExpertCacheStatistics weights;
  int64_t layers = 0;
  int64_t rows = 0;
  int64_t rows_in_tiles = 0;
  double imbalance_sum = 0;
  // As the two of this name, of the time before the first new placement.
  int64_t first_layers = 0;
  double first_imbalance_sum = 0;
  int64_t parts_rerun = 0;
  int64_t replans = 0;
  int64_t replica_moves = 0;

  void Add(const ExpertTotals& other);
};

// What a batch takes on these devices together without loading weights and with
// all devices equally busy.
absl::Duration LeastDuration(absl::Span<const SimulatedDevice> devices,
                             const RoutingOptions& routing, int images);

// Thread-compatible.
class SimulatedExecutor {
 public:
  struct Run {
    absl::Status status;
    absl::Duration duration;
  };

  // The first device executes what is not experts. Each of several devices is
  // lost for good when it fails. REQUIRES: at least one device; all valid.
  // `seed` and `stream` as for RandomRouting.
  SimulatedExecutor(absl::Span<const SimulatedDevice> devices,
                    const SimulatedExperts& experts, uint64_t seed,
                    uint64_t stream);

  // Executes a batch that starts at `start`, since the beginning.
  Run RunBatch(int images, absl::Duration start);

  ExpertTotals totals() const;

 private:
  // Runs one layer's experts; returns when the last device has done its part.
  absl::Status RunLayer(int layer, int images, absl::Time* now);
  void NoteFirstPlacement();

  const std::vector<SimulatedDevice> devices_;
  const SimulatedExperts experts_;
  RandomRouting routing_;
  std::mt19937_64 stalls_;
  std::vector<SimulatedExpertDevice*> expert_devices_;  // owned by runner_
  std::unique_ptr<ExpertParallelRunner> runner_;        // null without experts
  std::vector<int32_t> first_;
  bool first_placement_ = true;
  ExpertTotals first_totals_;  // only those of the first placement
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_SIMULATION_SIMULATED_EXECUTOR_H_
