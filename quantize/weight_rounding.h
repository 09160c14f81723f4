// From real weights to 8-bit ones.
//
// Weights come in units of the input's codes: the scale of each input channel
// is already multiplied into its column. Every output channel (row) has one
// scale; rows are independent of one another.

#ifndef MOEVIT_QUANTIZE_WEIGHT_ROUNDING_H_
#define MOEVIT_QUANTIZE_WEIGHT_ROUNDING_H_

#include <cstdint>
#include <vector>

#include "base/thread_pool.h"

namespace moevit {

struct RealWeights {
  int out = 0;
  int in = 0;
  std::vector<double> values;  // [out, in]
};

constexpr int kMaxWeight = 127;

// max |w| / 127 of each row, at least `smallest[row]`.
std::vector<double> RowScales(const RealWeights& weights,
                              const std::vector<double>& smallest);

// Each weight to the nearest multiple of its row's scale.
std::vector<int8_t> RoundToNearest(const RealWeights& weights,
                                   const std::vector<double>& row_scales);

// Column by column, in order of falling input variance; what rounding a column
// does to the output is compensated in the columns not yet rounded, as far as
// the inputs are correlated. (The method of Optimal Brain Surgeon, as in
// GPTQ, arXiv 2210.17323.) covariance: [in, in], of the input codes. Falls
// back to RoundToNearest when all inputs are constant.
std::vector<int8_t> RoundWithCompensation(const RealWeights& weights,
                                          const std::vector<double>& row_scales,
                                          const std::vector<double>& covariance,
                                          ThreadPool& pool);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_WEIGHT_ROUNDING_H_
