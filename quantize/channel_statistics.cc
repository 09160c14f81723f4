#include "quantize/channel_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moevit {
namespace {

double Square(double value) { return value * value; }

}  // namespace

ChannelStatistics::ChannelStatistics(int channels)
    : min_(channels, std::numeric_limits<double>::infinity()),
      max_(channels, -std::numeric_limits<double>::infinity()),
      sum_(channels, 0.0),
      sum_of_squares_(channels, 0.0) {}

void ChannelStatistics::Add(const Tensor& values, int first, int count) {
  for (int row = first; row < first + count; ++row) {
    const absl::Span<const float> x = values.row(row);
    for (size_t c = 0; c < x.size(); ++c) {
      min_[c] = std::min<double>(min_[c], x[c]);
      max_[c] = std::max<double>(max_[c], x[c]);
      sum_[c] += x[c];
      sum_of_squares_[c] += static_cast<double>(x[c]) * x[c];
    }
  }
  rows_ += count;
}

void ChannelStatistics::Merge(const ChannelStatistics& other) {
  if (min_.empty()) {
    *this = other;
    return;
  }
  for (int c = 0; c < channels(); ++c) {
    min_[c] = std::min(min_[c], other.min_[c]);
    max_[c] = std::max(max_[c], other.max_[c]);
    sum_[c] += other.sum_[c];
    sum_of_squares_[c] += other.sum_of_squares_[c];
  }
  rows_ += other.rows_;
}

double ChannelStatistics::deviation(int channel) const {
  const double m = mean(channel);
  return std::sqrt(std::max(0.0, sum_of_squares_[channel] / rows_ - m * m));
}

std::vector<double> ChannelStatistics::means() const {
  std::vector<double> result(channels());
  for (int c = 0; c < channels(); ++c) result[c] = mean(c);
  return result;
}

double ChannelStatistics::SmallestMin() const {
  return *std::min_element(min_.begin(), min_.end());
}

double ChannelStatistics::LargestMax() const {
  return *std::max_element(max_.begin(), max_.end());
}

double ChannelStatistics::LargestMagnitude() const {
  return std::max(std::abs(SmallestMin()), std::abs(LargestMax()));
}

Range ChannelRange(const ChannelStatistics& statistics, int channel,
                   const RangeMargin& margin) {
  const Range seen = {statistics.min(channel), statistics.max(channel)};
  const double half = seen.half_width() * margin.factor;
  const double rows = static_cast<double>(statistics.rows());
  const double deviation =
      std::sqrt((rows * Square(statistics.deviation(channel)) +
                 margin.expectation_rows * Square(margin.expected_deviation)) /
                (rows + margin.expectation_rows));
  const double spread = margin.deviations * deviation;
  const double mean = statistics.mean(channel);
  return {std::min(seen.centre() - half, mean - spread),
          std::max(seen.centre() + half, mean + spread)};
}

Tensor CodeScale::ToReal(const int8_t* codes, int rows) const {
  Tensor real(rows, channels());
  for (int row = 0; row < rows; ++row, codes += channels()) {
    absl::Span<float> out = real.row(row);
    for (int c = 0; c < channels(); ++c) {
      out[c] = static_cast<float>(scale[c] * codes[c] + centre[c]);
    }
  }
  return real;
}

CodeScale UniformScale(double scale, int channels) {
  return {std::vector<double>(channels, scale),
          std::vector<double>(channels, 0.0)};
}

double ScaleOf(const Range& range) {
  // A range of zero (a dead channel) needs a scale that loses nothing and
  // overflows nothing: its codes are all 0 whatever it is.
  const double smallest = std::max(1e-6, std::abs(range.centre()) * 1e-4);
  return std::max(range.half_width(), smallest) / 127.5;
}

}  // namespace moevit
