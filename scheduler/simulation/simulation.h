// A server on paper: the scheduler that answers real requests, with images
// that arrive by a process, devices that only take time, and a virtual clock.
//
// A discrete-event simulation: time jumps from one event to the next. The same
// options give the same report, to the last bit.

#ifndef MOEVIT_SCHEDULER_SIMULATION_SIMULATION_H_
#define MOEVIT_SCHEDULER_SIMULATION_SIMULATION_H_

#include "absl/status/statusor.h"
#include "scheduler/simulation/arrivals.h"
#include "scheduler/simulation/simulation_options.h"
#include "scheduler/simulation/simulation_report.h"

namespace moevit {

// Runs until all images are answered. Returns options.Validate(), or kInternal
// if the scheduler leaves images waiting for nothing.
absl::StatusOr<SimulationReport> Simulate(const SimulationOptions& options,
                                          Arrivals& arrivals);

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_SIMULATION_SIMULATION_H_
