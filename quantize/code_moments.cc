#include "quantize/code_moments.h"

#include <algorithm>

#include "quantize/matrix_product.h"

namespace moevit {
namespace {

// 2^24 / 128^2: so many products of two codes sum exactly in a float.
constexpr int kExactRows = 1024;

}  // namespace

CodeMoments::CodeMoments(int channels)
    : channels_(channels),
      sum_(channels, 0.0),
      products_(static_cast<size_t>(channels) * channels, 0.0) {}

void CodeMoments::Add(const int8_t* codes, int rows) {
  for (int first = 0; first < rows; first += kExactRows) {
    const int count = std::min(kExactRows, rows - first);
    const int8_t* chunk = codes + int64_t{first} * channels_;
    std::vector<float> transposed(static_cast<size_t>(channels_) * count);
    for (int row = 0; row < count; ++row) {
      for (int c = 0; c < channels_; ++c) {
        const int8_t code = chunk[int64_t{row} * channels_ + c];
        transposed[static_cast<size_t>(c) * count + row] = code;
        sum_[c] += code;
      }
    }
    std::vector<float> products(products_.size());
    const ConstMatrixView x = {transposed.data(), channels_, count, count};
    MultiplyTransposed(x, x, 1.0f, 0.0f,
                       {products.data(), channels_, channels_, channels_});
    for (size_t i = 0; i < products.size(); ++i) products_[i] += products[i];
  }
  rows_ += rows;
}

void CodeMoments::Merge(const CodeMoments& other) {
  if (channels_ == 0) {
    *this = other;
    return;
  }
  if (other.channels_ == 0) return;
  for (size_t i = 0; i < sum_.size(); ++i) sum_[i] += other.sum_[i];
  for (size_t i = 0; i < products_.size(); ++i) {
    products_[i] += other.products_[i];
  }
  rows_ += other.rows_;
}

std::vector<double> CodeMoments::Mean() const {
  std::vector<double> mean = sum_;
  for (double& m : mean) m /= static_cast<double>(rows_);
  return mean;
}

std::vector<double> CodeMoments::Covariance() const {
  const std::vector<double> mean = Mean();
  std::vector<double> covariance(products_.size());
  for (int i = 0; i < channels_; ++i) {
    for (int j = 0; j < channels_; ++j) {
      const size_t at = static_cast<size_t>(i) * channels_ + j;
      covariance[at] =
          products_[at] / static_cast<double>(rows_) - mean[i] * mean[j];
    }
  }
  return covariance;
}

}  // namespace moevit
