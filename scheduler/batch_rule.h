// The numbers that say when a batch starts and how large it is.

#ifndef MOEVIT_SCHEDULER_BATCH_RULE_H_
#define MOEVIT_SCHEDULER_BATCH_RULE_H_

#include <algorithm>
#include <limits>

#include "absl/time/time.h"

namespace moevit {

struct BatchRule {
  // Start as soon as so many images wait, and take no more. A device on which
  // batches save nothing answers sooner with small ones.
  int images = 1;

  // Start with fewer once the oldest has waited this long.
  absl::Duration delay;

  // Take so many while more than the largest batch wait: then the rule may not
  // keep up. As many as may be, or fewer where that loses no capacity.
  int overload_images = std::numeric_limits<int>::max();
};

// How many of `waiting` images a batch takes.
// REQUIRES: rule.images <= max_batch_size.
inline int ImagesToTake(const BatchRule& rule, int waiting,
                        int max_batch_size) {
  const bool overload = waiting > max_batch_size;
  return std::min(
      {waiting, max_batch_size, overload ? rule.overload_images : rule.images});
}

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_BATCH_RULE_H_
