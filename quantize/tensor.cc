#include "quantize/tensor.h"

#include <algorithm>

namespace moevit {

Tensor GatherRows(const Tensor& input, absl::Span<const int> indices) {
  Tensor output(static_cast<int>(indices.size()), input.channels);
  for (size_t i = 0; i < indices.size(); ++i) {
    const absl::Span<const float> row = input.row(indices[i]);
    std::copy(row.begin(), row.end(), output.row(static_cast<int>(i)).begin());
  }
  return output;
}

Tensor SliceRows(const Tensor& input, int first, int count) {
  Tensor output(count, input.channels);
  const auto begin =
      input.values.begin() + static_cast<ptrdiff_t>(first) * input.channels;
  std::copy_n(begin, output.values.size(), output.values.begin());
  return output;
}

Tensor MeanRow(const Tensor& input) {
  Tensor mean(1, input.channels);
  for (int c = 0; c < input.channels; ++c) {
    double sum = 0;
    for (int i = 0; i < input.rows; ++i) sum += input.row(i)[c];
    mean.values[c] = static_cast<float>(sum / input.rows);
  }
  return mean;
}

void AddInPlace(const Tensor& addend, Tensor& sum) {
  for (size_t i = 0; i < sum.values.size(); ++i) {
    sum.values[i] += addend.values[i];
  }
}

}  // namespace moevit
