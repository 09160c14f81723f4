// Where values lie on a drawing, and which of them to label.

#ifndef MOEVIT_QUANTIZE_REPORT_AXIS_H_
#define MOEVIT_QUANTIZE_REPORT_AXIS_H_

#include <string>
#include <vector>

namespace moevit {

// A linear axis that begins and ends at round numbers.
class Axis {
 public:
  // Covers [low, high] with about `ticks` steps. `low` may equal `high`. The
  // two positions are those of the axis' ends; the first may be the larger.
  // REQUIRES: low <= high, both finite.
  Axis(double low, double high, int ticks, double position_of_low,
       double position_of_high);

  double At(double value) const;

  const std::vector<double>& ticks() const { return ticks_; }
  // With as many decimals as the step needs.
  std::string Label(double tick) const;

 private:
  double step_ = 1;
  double position_of_low_;
  double position_of_high_;
  std::vector<double> ticks_;  // ascending; at least two
};

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_REPORT_AXIS_H_
