// Divides the load of experts over the devices that hold them, such that the
// busiest device is as little busy as the placement allows.
//
// Not the placement itself (expert_placement.h): where the weights are is
// given. Pure.

#ifndef MOEVIT_SCHEDULER_EXPERTS_LOAD_BALANCER_H_
#define MOEVIT_SCHEDULER_EXPERTS_LOAD_BALANCER_H_

#include <cstddef>
#include <vector>

#include "absl/types/span.h"

namespace moevit {

// Thread-compatible. Allocates only while its lists grow to the sizes they
// need.
class LoadBalancer {
 public:
  // By device: how much load it takes per unit of time, relative to the
  // others. 0: it is lost and takes none. REQUIRES: none is negative.
  explicit LoadBalancer(std::vector<double> speeds);

  // Minimizes the sum over the devices of speed * time squared, which also
  // minimizes the longest time, to about a thousandth.
  //   loads     by expert, at least 0
  //   replicas  by expert: the devices that hold it, none twice and none lost;
  //             without any, the expert's load counts nowhere
  void Balance(absl::Span<const double> loads,
               absl::Span<const std::vector<int>> replicas);

  // Of the last Balance. By replica of the expert: the part of its load.
  absl::Span<const double> shares(size_t expert) const {
    return absl::MakeConstSpan(shares_).subspan(
        begins_[expert], begins_[expert + 1] - begins_[expert]);
  }
  // Load over speed, by device; 0 for a lost one.
  absl::Span<const double> times() const { return times_; }
  // The longest time over the mean, which is all placed load over all speed; 1
  // without load.
  double Imbalance() const;
  // What Balance minimizes, to compare placements: the total of load * time.
  double Cost() const;

 private:
  // Divides one expert's load anew, given what the others put on the devices.
  // Returns the largest change of a share.
  double Refill(double load, absl::Span<const int> devices, double* shares);

  const std::vector<double> speeds_;
  std::vector<double> times_;
  std::vector<size_t> begins_;  // [experts + 1], in shares_
  std::vector<double> shares_;
  std::vector<size_t> by_load_;  // the experts, the largest load first
  std::vector<int> by_time_;     // scratch of Refill: places in `devices`
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_EXPERTS_LOAD_BALANCER_H_
