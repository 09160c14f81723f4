#include "kernels/emulation/power_model.h"

#include <algorithm>

namespace moevit::emulation {

double PowerModel::Sample(int64_t now_ns, int64_t unit_busy_ns,
                          int64_t copy_busy_ns) {
  if (now_ns <= last_ns_) return watts_;
  const double period = static_cast<double>(now_ns - last_ns_);
  // A reset starts the units' times again from 0.
  const int64_t units = std::max<int64_t>(0, unit_busy_ns - last_unit_busy_ns_);
  const int64_t copies =
      std::max<int64_t>(0, copy_busy_ns - last_copy_busy_ns_);
  watts_ =
      options_.idle_watts +
      options_.unit_watts * static_cast<double>(units) / period +
      options_.copy_watts * std::min(1.0, static_cast<double>(copies) / period);
  joules_ += watts_ * period * 1e-9;
  last_ns_ = now_ns;
  last_unit_busy_ns_ = unit_busy_ns;
  last_copy_busy_ns_ = copy_busy_ns;
  return watts_;
}

}  // namespace moevit::emulation
