// How fast images come, to about the next power of 2: what was learned at one
// rate holds for those near it.

#ifndef MOEVIT_SCHEDULER_RATE_LEVEL_H_
#define MOEVIT_SCHEDULER_RATE_LEVEL_H_

#include <array>
#include <cstdint>

namespace moevit {

// Thread-compatible.
class RateLevel {
 public:
  // Levels beyond these are not told apart: 2^kLowest per second and less, and
  // 2^kHighest and more.
  static constexpr int kLowest = 0;
  static constexpr int kHighest = 16;

  // After so many arrivals at twice or half the rate of those before, the rate
  // is another one. Chance keeps within that if images come alone or a few at a
  // time.
  static constexpr int kWindow = 128;

  // An image arrives at `seconds` since any one moment, which is not before the
  // last one.
  void RecordArrival(double seconds);

  // Whether there were enough arrivals.
  bool known() const { return arrivals_ > kWindow; }

  // The logarithm to base 2 of the images per second. REQUIRES: known().
  int level() const { return level_; }

 private:
  std::array<double, kWindow> latest_ = {};  // a ring
  int64_t arrivals_ = 0;
  // Since the rate changed, the older ones counting less. At first, none: any
  // rate is another one.
  double usual_arrivals_ = 1;
  double usual_seconds_ = 0;  // that these took
  int level_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_RATE_LEVEL_H_
