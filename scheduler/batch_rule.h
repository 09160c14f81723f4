// The two numbers that say when a batch starts and how large it is.

#ifndef MOEVIT_SCHEDULER_BATCH_RULE_H_
#define MOEVIT_SCHEDULER_BATCH_RULE_H_

#include <algorithm>

#include "absl/time/time.h"

namespace moevit {

struct BatchRule {
  // Start as soon as so many images wait, and take no more. A device on which
  // batches save nothing answers sooner with small ones.
  int images = 1;

  // Start with fewer once the oldest has waited this long.
  absl::Duration delay;
};

// How many of `waiting` images a batch takes. A queue of more than the largest
// batch means that the rule cannot keep up: then batches are that large.
// REQUIRES: rule.images <= max_batch_size.
inline int ImagesToTake(const BatchRule& rule, int waiting,
                        int max_batch_size) {
  const bool overload = waiting > max_batch_size;
  return std::min(waiting, overload ? max_batch_size : rule.images);
}

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_BATCH_RULE_H_
