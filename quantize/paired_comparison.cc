#include "quantize/paired_comparison.h"

#include <algorithm>
#include <cmath>

namespace moevit {

double PairedComparison::Difference() const {
  return static_cast<double>(only_model_right - only_other_right) /
         static_cast<double>(images());
}

Interval PairedComparison::DifferenceInterval95() const {
  constexpr double kQuantile = 1.959963984540054;  // of the normal, at 0.975
  const double n = static_cast<double>(images()) + 2;
  const double p = (static_cast<double>(only_model_right) + 1) / n;
  const double q = (static_cast<double>(only_other_right) + 1) / n;
  const double center = p - q;
  const double half = kQuantile * std::sqrt((p + q - center * center) / n);
  return {std::max(center - half, -1.0), std::min(center + half, 1.0)};
}

double PairedComparison::Agreement() const {
  return static_cast<double>(same_prediction) / static_cast<double>(images());
}

}  // namespace moevit
