// The power a board draws, read once per second by a thread of its own: asking
// XRT costs milliseconds, and boards do not measure more often.

#ifndef MOEVIT_KERNELS_CARD_POWER_SAMPLER_H_
#define MOEVIT_KERNELS_CARD_POWER_SAMPLER_H_

#include <functional>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace moevit {

// Gives the watts now; may block for a while.
using PowerSensor = std::function<absl::StatusOr<double>()>;

// Thread safe.
class PowerSampler {
 public:
  // Without a period nothing samples but Sample().
  explicit PowerSampler(PowerSensor sensor,
                        absl::Duration period = absl::Seconds(1));
  ~PowerSampler();
  PowerSampler(const PowerSampler&) = delete;
  PowerSampler& operator=(const PowerSampler&) = delete;

  // Asks the sensor.
  void Sample();

  // What the sensor said last; kUnavailable before it has said anything.
  absl::StatusOr<double> Latest();

 private:
  void Run(absl::Duration period);

  const PowerSensor sensor_;
  Mutex mutex_;
  CondVar stopped_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  absl::StatusOr<double> latest_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

// The board's watts in the JSON document that XRT gives for
// xrt::info::device::electrical. kUnavailable when the board does not say,
// kInvalidArgument for what is no such document or no plausible power.
absl::StatusOr<double> BoardWatts(absl::string_view electrical);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_POWER_SAMPLER_H_
