// How slow the slowest answers of a stream are, with older answers counting
// less and less.

#ifndef MOEVIT_SCHEDULER_LATENCY_TAIL_H_
#define MOEVIT_SCHEDULER_LATENCY_TAIL_H_

#include <array>

namespace moevit {

// A histogram over a logarithmic scale. Thread-compatible.
class LatencyTail {
 public:
  // The share of the answers that make up the tail: their mean is close to the
  // 99th percentile and, unlike it, uses all of them.
  static constexpr double kShare = 0.02;

  void Add(double seconds);

  // The mean of the slowest share; zero when there is nothing.
  double TailMean() const;

  // The mean of all.
  double Mean() const;

  // How many answers count, the older ones less than 1 each.
  double weight() const { return total_; }

  // Makes what was added so far count `factor` times as much.
  void Decay(double factor);

 private:
  // From a microsecond to an hour, 8 for every doubling.
  static constexpr int kBuckets = 256;

  std::array<float, kBuckets> counts_ = {};
  std::array<float, kBuckets> sums_ = {};
  double total_ = 0;
  double sum_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_LATENCY_TAIL_H_
