// The watts that an emulated card claims to draw: a formula, not physics. It
// lets the path from a board's sensor to a metric be tested; whatever comes out
// of it says nothing about a real card.

#ifndef MOEVIT_KERNELS_EMULATION_POWER_MODEL_H_
#define MOEVIT_KERNELS_EMULATION_POWER_MODEL_H_

#include <cstdint>

namespace moevit::emulation {

struct PowerModelOptions {
  double idle_watts = 25;
  double unit_watts = 20;  // more for each compute unit that runs
  double copy_watts = 5;   // more while bytes are copied
};

// Thread-compatible.
class PowerModel {
 public:
  explicit PowerModel(const PowerModelOptions& options, int64_t now_ns)
      : options_(options), last_ns_(now_ns), watts_(options.idle_watts) {}

  // Average watts since the last call. The two busy times are totals, the
  // first one over all units.
  double Sample(int64_t now_ns, int64_t unit_busy_ns, int64_t copy_busy_ns);

  double watts() const { return watts_; }
  double joules() const { return joules_; }

 private:
  const PowerModelOptions options_;
  int64_t last_ns_;
  int64_t last_unit_busy_ns_ = 0;
  int64_t last_copy_busy_ns_ = 0;
  double watts_;
  double joules_ = 0;
};

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_POWER_MODEL_H_
