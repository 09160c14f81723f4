// Ranges and means of activations, channel by channel, and the 8-bit codes
// chosen from them.

#ifndef MOEVIT_QUANTIZE_CHANNEL_STATISTICS_H_
#define MOEVIT_QUANTIZE_CHANNEL_STATISTICS_H_

#include <cstdint>
#include <vector>

#include "quantize/tensor.h"

namespace moevit {

// Thread-compatible. Statistics of several images are merged in image order,
// so that results do not depend on the number of threads.
class ChannelStatistics {
 public:
  ChannelStatistics() = default;
  explicit ChannelStatistics(int channels);

  // Counts rows [first, first + count) of `values`.
  void Add(const Tensor& values, int first, int count);
  void Add(const Tensor& values) { Add(values, 0, values.rows); }
  void Merge(const ChannelStatistics& other);

  int channels() const { return static_cast<int>(min_.size()); }
  int64_t rows() const { return rows_; }
  double min(int channel) const { return min_[channel]; }
  double max(int channel) const { return max_[channel]; }
  double mean(int channel) const { return sum_[channel] / rows_; }
  double deviation(int channel) const;
  std::vector<double> means() const;
  double SmallestMin() const;
  double LargestMax() const;
  // The largest absolute value of all channels.
  double LargestMagnitude() const;

 private:
  int64_t rows_ = 0;
  std::vector<double> min_, max_, sum_, sum_of_squares_;
};

struct Range {
  double low = 0;
  double high = 0;

  double centre() const { return (low + high) / 2; }
  double half_width() const { return (high - low) / 2; }
};

// How much wider than the values seen a channel's range is made: few samples
// of a channel rarely contain its extremes.
struct RangeMargin {
  double factor = 1.0;      // of the half width
  double deviations = 0.0;  // at least mean +- this many standard deviations
  // What the standard deviation is expected to be; counts as if it had been
  // seen on this many rows.
  double expected_deviation = 0.0;
  double expectation_rows = 0.0;
};

Range ChannelRange(const ChannelStatistics& statistics, int channel,
                   const RangeMargin& margin);

// What codes mean: real value = scale * code + centre, per channel. (A zero
// point is a centre; it lives in the producer's and the consumer's biases.)
struct CodeScale {
  std::vector<double> scale;  // > 0
  std::vector<double> centre;

  int channels() const { return static_cast<int>(scale.size()); }
  // Dequantizes row-major codes, [rows, channels()].
  Tensor ToReal(const int8_t* codes, int rows) const;
};

// The same scale for all channels, around 0.
CodeScale UniformScale(double scale, int channels);

// The scale by which [-128, 127] covers the range; never 0.
double ScaleOf(const Range& range);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_CHANNEL_STATISTICS_H_
