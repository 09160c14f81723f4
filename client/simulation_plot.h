// A picture of the latencies of simulations.

#ifndef MOEVIT_CLIENT_SIMULATION_PLOT_H_
#define MOEVIT_CLIENT_SIMULATION_PLOT_H_

#include <string>
#include <vector>

#include "client/simulation_output.h"

namespace moevit {

// An SVG document that needs nothing else: for every run a curve of latency
// over percentile, both on logarithmic scales. Runs that answered nothing have
// no curve.
std::string SimulationPlot(const std::vector<SimulationRun>& runs);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_SIMULATION_PLOT_H_
