// When an open-loop load generator sends: a Poisson process that pays no heed
// to how the server keeps up.

#ifndef MOEVIT_CLIENT_LOAD_SCHEDULE_H_
#define MOEVIT_CLIENT_LOAD_SCHEDULE_H_

#include <cstdint>
#include <optional>
#include <random>

#include "absl/time/time.h"

namespace moevit {

// Which part of a run counts: requests that are due in the `duration` after
// `warmup`.
struct LoadWindow {
  absl::Duration warmup = absl::Seconds(2);
  absl::Duration duration = absl::Seconds(10);

  absl::Duration end() const { return warmup + duration; }
  bool Contains(absl::Duration time) const {
    return time >= warmup && time < end();
  }
};

// The same rate, window and seed give the same times on every machine and with
// every standard library. Thread-compatible.
class LoadSchedule {
 public:
  // REQUIRES: rate > 0, in requests per second.
  LoadSchedule(double rate, const LoadWindow& window, uint64_t seed);

  // When the next request is due, since the start of the run; none after the
  // window's end.
  std::optional<absl::Duration> Next();

 private:
  const double rate_;
  const absl::Duration end_;
  std::mt19937_64 random_;
  double seconds_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_LOAD_SCHEDULE_H_
