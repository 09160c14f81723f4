#include "model/resample.h"

#include "model/resample_avx2.h"

namespace moevit {
namespace {

void ResampleRowsPortable(const Image& image, int top, const LineTaps& taps,
                          Image* result) {
  uint8_t* target = result->pixels.data();
  for (int y = 0; y < result->height; ++y) {
    const uint8_t* const row = image.pixels.data() + image.stride() * (top + y);
    for (const LineTaps::Output& output : taps.outputs) {
      for (int c = 0; c < kPixelChannels; ++c) {
        *target++ =
            WeightedSum(row + kPixelChannels * output.first + c, kPixelChannels,
                        &taps.weights[output.weight], output.count);
      }
    }
  }
}

void ResampleColumnsPortable(const Image& image, int top, const LineTaps& taps,
                             Image* result) {
  const size_t stride = image.stride();
  uint8_t* target = result->pixels.data();
  for (const LineTaps::Output& output : taps.outputs) {
    const uint8_t* const first =
        image.pixels.data() + stride * (output.first - top);
    for (size_t i = 0; i < stride; ++i) {
      *target++ = WeightedSum(first + i, stride, &taps.weights[output.weight],
                              output.count);
    }
  }
}

}  // namespace

std::vector<ResampleIsa> AvailableResampleIsas() {
  std::vector<ResampleIsa> available = {ResampleIsa::kPortable};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) available.push_back(ResampleIsa::kAvx2);
#endif
  return available;
}

Image ResampleRows(const Image& image, int top, int height,
                   const LineTaps& taps, ResampleIsa isa) {
  Image result = BlankImage(static_cast<int>(taps.outputs.size()), height);
#if defined(__x86_64__)
  if (isa == ResampleIsa::kAvx2) {
    ResampleRowsAvx2(image, top, taps, &result);
    return result;
  }
#endif
  ResampleRowsPortable(image, top, taps, &result);
  return result;
}

Image ResampleColumns(const Image& image, int top, const LineTaps& taps,
                      ResampleIsa isa) {
  Image result = BlankImage(image.width, static_cast<int>(taps.outputs.size()));
#if defined(__x86_64__)
  if (isa == ResampleIsa::kAvx2) {
    ResampleColumnsAvx2(image, top, taps, &result);
    return result;
  }
#endif
  ResampleColumnsPortable(image, top, taps, &result);
  return result;
}

}  // namespace moevit
