// The algorithm is that of Pillow's Resample.c: a horizontal and then a
// vertical pass, each with coefficients in fixed point and results in 8 bits.
// The coefficients are computed in the same order of the same floating-point
// operations; this file is compiled without contraction of them.

#include "model/resize.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "model/resample.h"

namespace moevit {
namespace {

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

int32_t ToFixedPoint(double weight) {
  return static_cast<int32_t>((weight < 0 ? -0.5 : 0.5) +
                              weight * (1 << kWeightBits));
}

// The taps of outputs [begin, begin + count) of a line that is resized from
// `in_size` to `out_size` pixels.
LineTaps ComputeTaps(int in_size, int out_size, int begin, int count,
                     const Filter& filter) {
  const double scale = static_cast<double>(in_size) / out_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = filter.support * filter_scale;
  const double inverse_scale = 1.0 / filter_scale;
  LineTaps taps;
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
    taps.outputs.push_back({first, last - first, taps.weights.size()});
    for (const double weight : weights) {
      taps.weights.push_back(ToFixedPoint(sum != 0.0 ? weight / sum : weight));
    }
  }
  return taps;
}

}  // namespace

Image ResizeAndCrop(const Image& image, int width, int height,
                    const Window& window, Interpolation interpolation) {
  const Filter filter = FilterFor(interpolation);
  const LineTaps columns =
      ComputeTaps(image.width, width, window.left, window.width, filter);
  const LineTaps rows =
      ComputeTaps(image.height, height, window.top, window.height, filter);
  const ResampleIsa isa = AvailableResampleIsas().back();
  // Only the rows that the second pass will read.
  const int top = rows.begin();
  return ResampleColumns(
      ResampleRows(image, top, rows.end() - top, columns, isa), top, rows, isa);
}

}  // namespace moevit
