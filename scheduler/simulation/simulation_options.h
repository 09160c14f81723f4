// What a simulation is of: devices, a model, requests and the scheduler's own
// options.

#ifndef MOEVIT_SCHEDULER_SIMULATION_SIMULATION_OPTIONS_H_
#define MOEVIT_SCHEDULER_SIMULATION_SIMULATION_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "scheduler/batch_queue.h"
#include "scheduler/dispatcher.h"
#include "scheduler/queue_budget.h"
#include "scheduler/simulation/simulated_executor.h"

namespace moevit {

// Images of one kind among those that arrive.
struct SimulatedRequests {
  std::string name = "all";
  double weight = 1;  // its share of the images, relative to the others
  int priority = 1;
  absl::Duration deadline = absl::InfiniteDuration();  // from the arrival
};

struct SimulationOptions {
  std::vector<SimulatedDevice> devices;
  SimulatedExperts experts;
  // All devices run each batch together, with the experts divided over them.
  // Default: each device runs whole batches.
  bool sharded = false;

  BatchingOptions batching;
  DispatcherOptions dispatcher;
  QueueLimits queue;
  std::vector<SimulatedRequests> requests = {{}};

  // Ends with so many images, or the last that arrives within `duration`.
  // Defaults: 20,000 images in any time.
  int64_t images = 20'000;
  absl::Duration duration = absl::InfiniteDuration();

  // The first part of the images, which latencies leave out: the scheduler
  // learns. Default: an eighth.
  double warmup = 0.125;

  uint64_t seed = 1;  // of requests and experts

  // Called after every image, with how many arrived; may be empty.
  std::function<void(int64_t images)> on_progress;

  // Returns kInvalidArgument naming the field and its value.
  absl::Status Validate() const;

  // The devices of each executor of batches.
  std::vector<absl::Span<const SimulatedDevice>> Executors() const;

  // The images per second that the devices can answer in batches of
  // batching.max_batch_size if weights need no loading. REQUIRES: all valid.
  double Capacity() const;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_SIMULATION_SIMULATION_OPTIONS_H_
