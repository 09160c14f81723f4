// The algorithm is that of Pillow's Resample.c: a horizontal and then a
// vertical pass, each with coefficients in fixed point and results in 8 bits.
// The coefficients are computed in the same order of the same floating-point
// operations; this file is compiled without contraction of them.

#include "model/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace moevit {
namespace {

// Pillow's: room for a sum of 8-bit pixels and two bits of overshoot.
constexpr int kCoefficientBits = 32 - 8 - 2;
constexpr int kChannels = 3;

struct Filter {
  double (*weight)(double distance);
  double support;  // weights are 0 beyond this distance
};

double BilinearWeight(double x) {
  x = std::abs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

double BicubicWeight(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0.0;
}

Filter FilterFor(Interpolation interpolation) {
  if (interpolation == Interpolation::kBilinear) return {BilinearWeight, 1.0};
  return {BicubicWeight, 2.0};
}

// From which input pixels, and with which weights, one output pixel is made.
struct Taps {
  int first = 0;
  std::vector<int32_t> coefficients;
};

int32_t ToFixedPoint(double weight) {
  return static_cast<int32_t>((weight < 0 ? -0.5 : 0.5) +
                              weight * (1 << kCoefficientBits));
}

// The taps of output pixels [begin, begin + count) of a line that is resized
// from `in_size` to `out_size` pixels.
std::vector<Taps> ComputeTaps(int in_size, int out_size, int begin, int count,
                              const Filter& filter) {
  const double scale = static_cast<double>(in_size) / out_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = filter.support * filter_scale;
  const double inverse_scale = 1.0 / filter_scale;
  std::vector<Taps> taps(count);
  std::vector<double> weights;
  for (int i = 0; i < count; ++i) {
    const double center = (begin + i + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int last =
        std::min(static_cast<int>(center + support + 0.5), in_size);
    weights.clear();
    double sum = 0.0;
    for (int x = 0; x < last - first; ++x) {
      weights.push_back(
          filter.weight((x + first - center + 0.5) * inverse_scale));
      sum += weights.back();
    }
    taps[i].first = first;
    for (const double weight : weights) {
      taps[i].coefficients.push_back(
          ToFixedPoint(sum != 0.0 ? weight / sum : weight));
    }
  }
  return taps;
}

// The weighted sum of a pixel's taps in one channel; consecutive taps are
// `stride` bytes apart.
uint8_t WeightedSum(const Taps& taps, const uint8_t* first, size_t stride) {
  int32_t sum = 1 << (kCoefficientBits - 1);
  for (const int32_t coefficient : taps.coefficients) {
    sum += *first * coefficient;
    first += stride;
  }
  return static_cast<uint8_t>(std::clamp(sum >> kCoefficientBits, 0, 255));
}

// Rows [top, top + height) of `image`, with the columns that `taps` describe.
Image ResizeRows(const Image& image, int top, int height,
                 const std::vector<Taps>& taps) {
  Image result;
  result.width = static_cast<int>(taps.size());
  result.height = height;
  result.pixels.reserve(taps.size() * kChannels * height);
  for (int y = 0; y < height; ++y) {
    const uint8_t* const row =
        &image.pixels[size_t{kChannels} * image.width * (top + y)];
    for (const Taps& tap : taps) {
      for (int c = 0; c < kChannels; ++c) {
        result.pixels.push_back(
            WeightedSum(tap, row + kChannels * tap.first + c, kChannels));
      }
    }
  }
  return result;
}

// The rows that `taps` describe; their `first` counts from row `top`, the first
// one of `image`.
Image ResizeColumns(const Image& image, int top,
                    const std::vector<Taps>& taps) {
  const size_t stride = size_t{kChannels} * image.width;
  Image result;
  result.width = image.width;
  result.height = static_cast<int>(taps.size());
  result.pixels.reserve(stride * taps.size());
  for (const Taps& tap : taps) {
    const uint8_t* const first =
        image.pixels.data() + stride * (tap.first - top);
    for (size_t i = 0; i < stride; ++i) {
      result.pixels.push_back(WeightedSum(tap, first + i, stride));
    }
  }
  return result;
}

}  // namespace

Image ResizeAndCrop(const Image& image, int width, int height,
                    const Window& window, Interpolation interpolation) {
  const Filter filter = FilterFor(interpolation);
  const std::vector<Taps> columns =
      ComputeTaps(image.width, width, window.left, window.width, filter);
  const std::vector<Taps> rows =
      ComputeTaps(image.height, height, window.top, window.height, filter);
  // Only the rows that the second pass will read.
  const int top = rows.front().first;
  const int bottom =
      rows.back().first + static_cast<int>(rows.back().coefficients.size());
  return ResizeColumns(ResizeRows(image, top, bottom - top, columns), top,
                       rows);
}

}  // namespace moevit
