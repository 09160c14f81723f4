// Pairs of statistics that one pass over the calibration images collects.
//
// Internal to quantize/.

#ifndef MOEVIT_QUANTIZE_MERGED_STATISTICS_H_
#define MOEVIT_QUANTIZE_MERGED_STATISTICS_H_

#include <algorithm>
#include <cmath>
#include <vector>

#include "quantize/channel_statistics.h"
#include "quantize/code_moments.h"
#include "quantize/tensor.h"

namespace moevit {

// A linear layer's input: its codes, and what it was before it became codes.
struct InputStatistics {
  CodeMoments codes;
  ChannelStatistics real;

  void Merge(const InputStatistics& other) {
    codes.Merge(other.codes);
    real.Merge(other.real);
  }
};

struct LargestMagnitude {
  double value = 0;

  void Merge(const LargestMagnitude& other) {
    value = std::max(value, other.value);
  }
};

inline LargestMagnitude LargestOf(const Tensor& values) {
  LargestMagnitude largest;
  for (float value : values.values) {
    largest.value = std::max<double>(largest.value, std::abs(value));
  }
  return largest;
}

// A residual stream after an addition, and what was added: that must fit
// 16 bits on its own, too.
struct ResidualStatistics {
  ChannelStatistics sum;
  LargestMagnitude addend;

  void Merge(const ResidualStatistics& other) {
    sum.Merge(other.sum);
    addend.Merge(other.addend);
  }
  double Largest() const {
    return std::max(sum.LargestMagnitude(), addend.value);
  }
};

struct Sums {
  std::vector<double> values;

  void Merge(const Sums& other) {
    if (values.size() < other.values.size()) values.resize(other.values.size());
    for (size_t i = 0; i < other.values.size(); ++i) {
      values[i] += other.values[i];
    }
  }
};

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_MERGED_STATISTICS_H_
