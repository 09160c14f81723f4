// A picture of latencies.

#ifndef MOEVIT_CLIENT_LATENCY_PLOT_H_
#define MOEVIT_CLIENT_LATENCY_PLOT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace moevit {

struct LatencyCurve {
  std::string label;
  std::vector<double> seconds;  // ascending

  // The curve ends at the latency that this part does not exceed, or at the
  // plot's edge. In (0, 1].
  double last_part = 1;
};

// An SVG document that needs nothing else: latency over percentile, both on
// logarithmic scales, the latter up to 99.9 %. `what` is what was answered, for
// example "images". Curves without latencies have a label only.
std::string LatencyPlot(absl::Span<const LatencyCurve> curves,
                        absl::string_view what);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_LATENCY_PLOT_H_
