// Repeated measurements of one quantity. Thread-compatible.

#ifndef MOEVIT_BASE_SAMPLES_H_
#define MOEVIT_BASE_SAMPLES_H_

#include <vector>

namespace moevit {

class Samples {
 public:
  void Add(double sample) { samples_.push_back(sample); }
  const std::vector<double>& all() const { return samples_; }

  // REQUIRES, for each of these: at least one sample.
  double Max() const;
  double Median() const;
  // Half the distance between the quartiles, relative to the median.
  double Spread() const;

 private:
  // The sample that is larger than `fraction` of the others.
  double Quantile(double fraction) const;

  std::vector<double> samples_;
};

}  // namespace moevit

#endif  // MOEVIT_BASE_SAMPLES_H_
