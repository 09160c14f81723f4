// A small row-major float matrix: the activations of one image.

#ifndef MOEVIT_QUANTIZE_TENSOR_H_
#define MOEVIT_QUANTIZE_TENSOR_H_

#include <cstddef>
#include <vector>

#include "absl/types/span.h"

namespace moevit {

struct Tensor {
  int rows = 0;
  int channels = 0;
  std::vector<float> values;  // [rows, channels]

  Tensor() = default;
  // All zeros.
  Tensor(int rows, int channels)
      : rows(rows),
        channels(channels),
        values(static_cast<size_t>(rows) * channels) {}

  absl::Span<float> row(int i) {
    return absl::MakeSpan(values).subspan(Offset(i), channels);
  }
  absl::Span<const float> row(int i) const {
    return absl::MakeConstSpan(values).subspan(Offset(i), channels);
  }

 private:
  size_t Offset(int i) const { return static_cast<size_t>(i) * channels; }
};

// The rows `indices`, in that order.
Tensor GatherRows(const Tensor& input, absl::Span<const int> indices);

// Rows first .. first + count.
Tensor SliceRows(const Tensor& input, int first, int count);

// The mean of all rows -> [1, channels].
Tensor MeanRow(const Tensor& input);

// sum += addend.
void AddInPlace(const Tensor& addend, Tensor& sum);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_TENSOR_H_
