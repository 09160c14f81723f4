// How fast something drains, measured while it does, and how long a part of it
// will take.

#ifndef MOEVIT_SCHEDULER_DRAIN_RATE_H_
#define MOEVIT_SCHEDULER_DRAIN_RATE_H_

#include <cstdint>

#include "absl/time/time.h"

namespace moevit {

// The rate over the last one to two seconds. Thread-compatible.
class DrainRate {
 public:
  // Until `now`, `total` units have left since the beginning. Neither decreases
  // from call to call. Call it often while the rate is of interest; after a
  // pause of seconds the measurement starts anew.
  void Update(absl::Time now, int64_t total);

  // How long `units` take to leave, between 10 ms and 30 s: 30 s when nothing
  // leaves, 1 s when nothing has been measured yet.
  absl::Duration TimeFor(double units) const;

 private:
  struct Mark {
    absl::Time time = absl::InfinitePast();
    int64_t total = 0;
  };

  Mark older_;
  Mark newer_;
  Mark last_;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_DRAIN_RATE_H_
