#include "quantize/weight_rounding.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/types/span.h"
#include "quantize/matrix_product.h"

namespace moevit {
namespace {

// Of the mean input variance, added to each: makes the covariance of few or of
// linearly dependent inputs invertible.
constexpr double kDamping = 0.01;

int8_t RoundWeight(double weight, double scale) {
  return static_cast<int8_t>(std::clamp(std::round(weight / scale),
                                        -static_cast<double>(kMaxWeight),
                                        static_cast<double>(kMaxWeight)));
}

std::vector<int> FallingVariance(const std::vector<double>& covariance, int n) {
  std::vector<int> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return covariance[static_cast<size_t>(a) * n + a] >
           covariance[static_cast<size_t>(b) * n + b];
  });
  return order;
}

// Rounds one row. row: the weights in rounding order, overwritten;
// factor: [n, n] upper triangular with inverse covariance = factor^T factor.
void RoundRow(absl::Span<double> row, double scale,
              const std::vector<double>& factor, absl::Span<int8_t> rounded) {
  const size_t n = row.size();
  for (size_t j = 0; j < n; ++j) {
    rounded[j] = RoundWeight(row[j], scale);
    const double* u = factor.data() + j * n;
    const double error = (row[j] - rounded[j] * scale) / u[j];
    for (size_t k = j + 1; k < n; ++k) row[k] -= error * u[k];
  }
}

}  // namespace

std::vector<double> RowScales(const RealWeights& weights,
                              const std::vector<double>& smallest) {
  std::vector<double> scales(weights.out);
  for (int n = 0; n < weights.out; ++n) {
    double largest = 0;
    for (int k = 0; k < weights.in; ++k) {
      largest = std::max(
          largest,
          std::abs(weights.values[static_cast<size_t>(n) * weights.in + k]));
    }
    scales[n] = std::max(largest / kMaxWeight, smallest[n]);
  }
  return scales;
}

std::vector<int8_t> RoundToNearest(const RealWeights& weights,
                                   const std::vector<double>& row_scales) {
  std::vector<int8_t> rounded(weights.values.size());
  for (size_t i = 0; i < rounded.size(); ++i) {
    rounded[i] = RoundWeight(weights.values[i], row_scales[i / weights.in]);
  }
  return rounded;
}

std::vector<int8_t> RoundWithCompensation(const RealWeights& weights,
                                          const std::vector<double>& row_scales,
                                          const std::vector<double>& covariance,
                                          ThreadPool& pool) {
  const size_t n = weights.in;
  double mean_variance = 0;
  for (size_t i = 0; i < n; ++i) mean_variance += covariance[i * n + i] / n;
  if (mean_variance <= 0) return RoundToNearest(weights, row_scales);

  const std::vector<int> order = FallingVariance(covariance, weights.in);
  std::vector<double> factor(n * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      factor[i * n + j] = covariance[order[i] * n + order[j]];
    }
    factor[i * n + i] += kDamping * mean_variance;
  }
  if (!InvertToCholesky(weights.in, absl::MakeSpan(factor))) {
    return RoundToNearest(weights, row_scales);
  }

  std::vector<int8_t> result(weights.values.size());
  pool.ParallelFor(weights.out, [&](int64_t row, int /*worker*/) {
    std::vector<double> ordered(n);
    std::vector<int8_t> rounded(n);
    for (size_t i = 0; i < n; ++i) {
      ordered[i] = weights.values[row * n + order[i]];
    }
    RoundRow(absl::MakeSpan(ordered), row_scales[row], factor,
             absl::MakeSpan(rounded));
    for (size_t i = 0; i < n; ++i) result[row * n + order[i]] = rounded[i];
  });
  return result;
}

}  // namespace moevit
