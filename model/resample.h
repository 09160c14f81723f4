// The integer part of resizing: weighted sums of 8-bit pixels along rows and
// along columns, vectorized. Every instruction set gives the same bytes.
//
// Sums have 32 bits: the magnitudes of an output's weights must add up to less
// than 2.

#ifndef MOEVIT_MODEL_RESAMPLE_H_
#define MOEVIT_MODEL_RESAMPLE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/image.h"

namespace moevit {

// Weights are in units of 2^-kWeightBits. Pillow's choice: room for a sum of
// 8-bit pixels and two bits of overshoot.
constexpr int kWeightBits = 32 - 8 - 2;

// From which inputs of a line, and with which weights, each output is made.
struct LineTaps {
  struct Output {
    int first = 0;      // input
    int count = 0;      // inputs from there on, at least 1
    size_t weight = 0;  // index of the first one's weight in `weights`
  };
  std::vector<Output> outputs;
  std::vector<int32_t> weights;

  // The inputs that all outputs together are made from.
  int begin() const { return outputs.front().first; }
  int end() const { return outputs.back().first + outputs.back().count; }
};

// An output: the weighted sum of `count` inputs that are `stride` bytes apart,
// rounded half up and clamped.
inline uint8_t WeightedSum(const uint8_t* first, size_t stride,
                           const int32_t* weights, int count) {
  int32_t sum = 1 << (kWeightBits - 1);
  for (int i = 0; i < count; ++i) sum += first[i * stride] * weights[i];
  return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

// What the passes are compiled for.
enum class ResampleIsa {
  kPortable,
  kAvx2,
};

// In ascending order of speed, kPortable first; those that the processor has.
std::vector<ResampleIsa> AvailableResampleIsas();

// Rows [top, top + height) of `image`, with the columns that `taps` describe.
// REQUIRES: taps of columns of the image, `first` and its end ascending from
// output to output.
Image ResampleRows(const Image& image, int top, int height,
                   const LineTaps& taps, ResampleIsa isa);

// The rows that `taps` describe; their `first` counts from row `top`, the first
// one of `image`. REQUIRES: taps of rows of the image.
Image ResampleColumns(const Image& image, int top, const LineTaps& taps,
                      ResampleIsa isa);

}  // namespace moevit

#endif  // MOEVIT_MODEL_RESAMPLE_H_
