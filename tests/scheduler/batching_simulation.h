// A server on paper: Poisson arrivals, one device of a given cost, a virtual
// clock, and the real Dispatcher. Reproducible bit by bit.

#ifndef MOEVIT_TESTS_SCHEDULER_BATCHING_SIMULATION_H_
#define MOEVIT_TESTS_SCHEDULER_BATCHING_SIMULATION_H_

#include "absl/time/time.h"
#include "scheduler/batch_queue.h"

namespace moevit {

struct SimulatedDevice {
  absl::Duration per_batch;
  absl::Duration per_image;

  absl::Duration Cost(int images) const {
    return per_batch + images * per_image;
  }
};

struct SimulationResult {
  absl::Duration p50;
  absl::Duration p99;
};

// Offers `load` times what the device can do in batches of the largest size.
SimulationResult SimulateBatching(const BatchingOptions& options,
                                  const SimulatedDevice& device, double load,
                                  int images);

}  // namespace moevit

#endif  // MOEVIT_TESTS_SCHEDULER_BATCHING_SIMULATION_H_
