// Divides the time of the devices among the models in proportion to their
// weights: who has had the least for its weight goes first.
//
// Each member has a clock that runs with the device time it gets, divided by
// its weight. A member that had nothing to do starts again at the clock of
// whoever was served last, so that nobody can save up time or is made to pay
// for what others left unused.

#ifndef MOEVIT_SCHEDULER_FAIR_SHARE_H_
#define MOEVIT_SCHEDULER_FAIR_SHARE_H_

#include <algorithm>
#include <vector>

#include "absl/time/time.h"

namespace moevit {

// Members are numbered in the order of Add. Thread-compatible.
class FairShare {
 public:
  // REQUIRES: weight > 0.
  void Add(double weight) { members_.push_back({.weight = weight}); }

  // The number goes to a new member. REQUIRES: weight > 0.
  void Reset(int member, double weight) {
    members_[member] = {.weight = weight};
  }

  // The member has work after a time without.
  void Activate(int member) {
    absl::Duration& clock = members_[member].clock;
    clock = std::max(clock, last_served_);
  }

  // The member is served next; expected to take `duration` of device time.
  void Serve(int member, absl::Duration duration) {
    last_served_ = std::max(last_served_, members_[member].clock);
    Charge(member, duration);
  }

  // Corrects what the member was charged; may be negative.
  void Charge(int member, absl::Duration duration) {
    members_[member].clock += duration / members_[member].weight;
  }

  // Whether `first` is to be served before `second`.
  bool Before(int first, int second) const {
    return members_[first].clock < members_[second].clock;
  }

 private:
  struct Member {
    double weight = 1;
    absl::Duration clock = absl::ZeroDuration();
  };

  std::vector<Member> members_;
  absl::Duration last_served_;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_FAIR_SHARE_H_
