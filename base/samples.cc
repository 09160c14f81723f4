#include "base/samples.h"

#include <algorithm>
#include <cmath>

namespace moevit {

double Samples::Max() const {
  return *std::max_element(samples_.begin(), samples_.end());
}

double Samples::Median() const { return Quantile(0.5); }

double Samples::Spread() const {
  return (Quantile(0.75) - Quantile(0.25)) / 2 / Median();
}

double Samples::Quantile(double fraction) const {
  std::vector<double> sorted = samples_;
  std::sort(sorted.begin(), sorted.end());
  return sorted[std::lround(fraction * static_cast<double>(sorted.size() - 1))];
}

}  // namespace moevit
