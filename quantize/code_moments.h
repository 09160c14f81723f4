// First and second moments of the codes that a linear layer reads: what the
// rounding of its weights is judged by.

#ifndef MOEVIT_QUANTIZE_CODE_MOMENTS_H_
#define MOEVIT_QUANTIZE_CODE_MOMENTS_H_

#include <cstdint>
#include <vector>

namespace moevit {

// Sums of integers, kept exactly: the order of additions does not matter.
// Thread-compatible.
class CodeMoments {
 public:
  CodeMoments() = default;
  explicit CodeMoments(int channels);

  // codes: [rows, channels], row-major.
  void Add(const int8_t* codes, int rows);
  void Merge(const CodeMoments& other);

  int channels() const { return channels_; }
  int64_t rows() const { return rows_; }

  // REQUIRES: rows() > 0.
  std::vector<double> Mean() const;
  // [channels, channels], of the deviations from the mean.
  std::vector<double> Covariance() const;

 private:
  int channels_ = 0;
  int64_t rows_ = 0;
  std::vector<double> sum_;       // [channels]
  std::vector<double> products_;  // [channels, channels]
};

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_CODE_MOMENTS_H_
