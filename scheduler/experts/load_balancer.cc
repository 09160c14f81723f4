#include "scheduler/experts/load_balancer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace moevit {
namespace {

// Each pass divides every replicated expert once. A pass that changes no share
// by more than the tolerance is the last.
constexpr int kMaxPasses = 24;
constexpr double kTolerance = 1e-3;

}  // namespace

LoadBalancer::LoadBalancer(std::vector<double> speeds)
    : speeds_(std::move(speeds)), times_(speeds_.size()) {}

void LoadBalancer::Balance(absl::Span<const double> loads,
                           absl::Span<const std::vector<int>> replicas) {
  std::fill(times_.begin(), times_.end(), 0.0);
  begins_.assign(1, 0);
  by_load_.clear();
  for (size_t e = 0; e < loads.size(); ++e) {
    begins_.push_back(begins_.back() + replicas[e].size());
    if (replicas[e].size() > 1) by_load_.push_back(e);
  }
  shares_.assign(begins_.back(), 0.0);
  for (size_t e = 0; e < loads.size(); ++e) {
    if (replicas[e].size() != 1) continue;
    shares_[begins_[e]] = 1;
    times_[replicas[e][0]] += loads[e] / speeds_[replicas[e][0]];
  }
  // What cannot be divided is in place; the rest fills the gaps, the largest
  // first, and then again in turns until nothing moves.
  std::sort(by_load_.begin(), by_load_.end(), [&](size_t a, size_t b) {
    return loads[a] != loads[b] ? loads[a] > loads[b] : a < b;
  });
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    double change = 0;
    for (size_t e : by_load_) {
      change = std::max(
          change, Refill(loads[e], replicas[e], shares_.data() + begins_[e]));
    }
    if (change < kTolerance) break;
  }
}

double LoadBalancer::Refill(double load, absl::Span<const int> devices,
                            double* shares) {
  by_time_.resize(devices.size());
  std::iota(by_time_.begin(), by_time_.end(), 0);
  for (size_t i = 0; i < devices.size(); ++i) {
    times_[devices[i]] -= load * shares[i] / speeds_[devices[i]];
  }
  std::sort(by_time_.begin(), by_time_.end(), [&](int a, int b) {
    return times_[devices[a]] < times_[devices[b]];
  });
  // The common time of the first devices once they have taken all the load.
  double speed = 0;
  double filled = load;
  double level = 0;
  for (size_t i = 0; i < by_time_.size(); ++i) {
    const int device = devices[by_time_[i]];
    if (i > 0 && times_[device] >= level) break;
    speed += speeds_[device];
    filled += times_[device] * speeds_[device];
    level = filled / speed;
  }
  double change = 0;
  for (size_t i = 0; i < devices.size(); ++i) {
    const int device = devices[i];
    const double taken =
        std::max(0.0, level - times_[device]) * speeds_[device];
    // Without load, one division is as good as another.
    const double share = load > 0 ? taken / load : (i == 0 ? 1.0 : 0.0);
    change = std::max(change, std::abs(share - shares[i]));
    shares[i] = share;
    times_[device] += load * share / speeds_[device];
  }
  return change;
}

double LoadBalancer::Imbalance() const {
  double load = 0;
  double speed = 0;
  double longest = 0;
  for (size_t d = 0; d < times_.size(); ++d) {
    load += times_[d] * speeds_[d];
    speed += speeds_[d];
    longest = std::max(longest, times_[d]);
  }
  return load > 0 ? longest * speed / load : 1.0;
}

double LoadBalancer::Cost() const {
  double cost = 0;
  for (size_t d = 0; d < times_.size(); ++d) {
    cost += times_[d] * times_[d] * speeds_[d];
  }
  return cost;
}

}  // namespace moevit
