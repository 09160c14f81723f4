// What `moevit simulate` found, as tables and a picture for people and JSON for
// programs.

#ifndef MOEVIT_CLIENT_SIMULATION_OUTPUT_H_
#define MOEVIT_CLIENT_SIMULATION_OUTPUT_H_

#include <string>
#include <vector>

#include "scheduler/simulation/simulation_options.h"
#include "scheduler/simulation/simulation_report.h"

namespace moevit {

// One simulation of several that differ in their rate.
struct SimulationRun {
  double rate = 0;  // images per second that were to arrive
  double load = 0;  // rate over capacity
  SimulationReport report;
};

// A row per run; for a single run also its requests, devices, batches and
// experts.
std::string SimulationToText(const SimulationOptions& options,
                             const std::vector<SimulationRun>& runs);

// One JSON object. Times are in seconds.
std::string SimulationToJson(const SimulationOptions& options,
                             const std::vector<SimulationRun>& runs);

// Latency over percentile, a curve per run.
std::string SimulationToSvg(const std::vector<SimulationRun>& runs);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_SIMULATION_OUTPUT_H_
