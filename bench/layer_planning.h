// What planning a sparse layer costs, beside what computing it costs.

#ifndef MOEVIT_BENCH_LAYER_PLANNING_H_
#define MOEVIT_BENCH_LAYER_PLANNING_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "program/program.h"

namespace moevit {

// Processor time of one thread per layer, the mean over the layers.
struct LayerPlanning {
  int images = 0;
  absl::Duration plan;   // group, divide over four devices, order
  absl::Duration layer;  // both linears of all experts
};

// Runs up to 32 of the images, several times, and measures on their routing.
absl::StatusOr<LayerPlanning> MeasurePlanning(
    const Program& program, const std::vector<uint8_t>& pixels);

}  // namespace moevit

#endif  // MOEVIT_BENCH_LAYER_PLANNING_H_
