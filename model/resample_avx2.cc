#include "model/resample_avx2.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

// Only functions with this mark are compiled for AVX2; everything else here
// runs on any processor.
#define MOEVIT_AVX2 __attribute__((target("avx2")))

namespace moevit {
namespace {

// Bytes per pixel in the row pass; what becomes of the fourth is not used.
constexpr int kWideChannels = 4;
constexpr int kLanes = 8;  // sums of 32 bits in a vector
constexpr int kTapsPerVector = kLanes / kWideChannels;
constexpr int kBlockVectors = 4;  // sums side by side in the column pass
constexpr size_t kBlockBytes = size_t{kBlockVectors} * kLanes;
constexpr int32_t kHalf = 1 << (kWeightBits - 1);

// Taps in the form in which the row pass reads them: each weight once per
// channel, and zeros after an output's last, up to a whole vector.
struct WideTaps {
  struct Output {
    int first_byte = 0;  // of the wide row
    int vectors = 0;
  };
  std::vector<Output> outputs;
  std::vector<int32_t> weights;  // in the order of reading
};

WideTaps Widen(const LineTaps& taps) {
  WideTaps wide;
  for (const LineTaps::Output& output : taps.outputs) {
    const int vectors = (output.count + kTapsPerVector - 1) / kTapsPerVector;
    wide.outputs.push_back(
        {kWideChannels * (output.first - taps.begin()), vectors});
    for (int i = 0; i < vectors * kTapsPerVector; ++i) {
      const int32_t weight =
          i < output.count ? taps.weights[output.weight + i] : 0;
      wide.weights.insert(wide.weights.end(), kWideChannels, weight);
    }
  }
  return wide;
}

// Spreads the pixels of a row to four bytes each.
MOEVIT_AVX2 void WidenRow(const uint8_t* row, int pixels, uint8_t* wide) {
  constexpr int kPixels = 4;  // of a 16-byte vector
  const __m128i spread =
      _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
  int x = 0;
  // While all 16 bytes, of which 12 are used, lie within the row.
  for (; kPixelChannels * x + 16 <= kPixelChannels * pixels; x += kPixels) {
    const __m128i input = _mm_loadu_si128(
        reinterpret_cast<const __m128i*>(row + kPixelChannels * x));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(wide + kWideChannels * x),
                     _mm_shuffle_epi8(input, spread));
  }
  for (; x < pixels; ++x) {
    std::memcpy(wide + kWideChannels * x, row + kPixelChannels * x,
                kPixelChannels);
  }
}

// Eight bytes as 32-bit numbers.
MOEVIT_AVX2 inline __m256i LoadBytes(const uint8_t* bytes) {
  return _mm256_cvtepu8_epi32(
      _mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes)));
}

// The sum of both pixels in `sums`, rounded to bytes.
MOEVIT_AVX2 inline void StorePixel(__m256i sums, uint8_t* result) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums),
                              _mm256_extracti128_si256(sums, 1));
  sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(kHalf)), kWeightBits);
  // Packing saturates twice: to 16 bits, then to [0, 255].
  sum = _mm_packs_epi32(sum, sum);
  const int pixel = _mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
  std::memcpy(result, &pixel, kPixelChannels);
}

// All outputs of two rows, so that each weight is loaded once for both. The
// second wide row lies `wide_stride` bytes after the first, its results
// `result_stride` bytes after those of the first.
MOEVIT_AVX2 void SumAlongRows(const uint8_t* wide_rows, size_t wide_stride,
                              const WideTaps& taps, uint8_t* result,
                              size_t result_stride) {
  const auto* weights = reinterpret_cast<const __m256i*>(taps.weights.data());
  for (const WideTaps::Output& output : taps.outputs) {
    const uint8_t* bytes = wide_rows + output.first_byte;
    __m256i first = _mm256_setzero_si256();
    __m256i second = _mm256_setzero_si256();
    for (int i = 0; i < output.vectors; ++i) {
      const __m256i weight = _mm256_loadu_si256(weights++);
      first =
          _mm256_add_epi32(first, _mm256_mullo_epi32(LoadBytes(bytes), weight));
      second = _mm256_add_epi32(
          second, _mm256_mullo_epi32(LoadBytes(bytes + wide_stride), weight));
      bytes += kLanes;
    }
    StorePixel(first, result);
    StorePixel(second, result + result_stride);
    result += kPixelChannels;
  }
}

// kBlockBytes outputs side by side, each a sum down its column.
MOEVIT_AVX2 void SumDown(const uint8_t* bytes, size_t stride,
                         const int32_t* weights, int count, uint8_t* result) {
  __m256i sums[kBlockVectors];
  for (__m256i& sum : sums) sum = _mm256_set1_epi32(kHalf);
  for (int i = 0; i < count; ++i) {
    const __m256i weight = _mm256_set1_epi32(weights[i]);
    for (int v = 0; v < kBlockVectors; ++v) {
      sums[v] = _mm256_add_epi32(
          sums[v], _mm256_mullo_epi32(LoadBytes(bytes + v * kLanes), weight));
    }
    bytes += stride;
  }
  for (__m256i& sum : sums) sum = _mm256_srai_epi32(sum, kWeightBits);
  const __m256i packed =
      _mm256_packus_epi16(_mm256_packs_epi32(sums[0], sums[1]),
                          _mm256_packs_epi32(sums[2], sums[3]));
  // Packing works in halves of vectors; this restores the order.
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(result),
                      _mm256_permutevar8x32_epi32(packed, order));
}

}  // namespace

void ResampleRowsAvx2(const Image& image, int top, const LineTaps& taps,
                      Image* result) {
  const WideTaps wide_taps = Widen(taps);
  const int pixels = taps.end() - taps.begin();
  // The padding of the last output's taps reads a little further than that.
  const size_t wide_stride = size_t{kWideChannels} * pixels + kLanes;
  std::vector<uint8_t> wide_rows(2 * wide_stride);
  const size_t row_stride = image.stride();
  const size_t result_stride = result->stride();
  const uint8_t* row = image.pixels.data() + row_stride * top +
                       size_t{kPixelChannels} * taps.begin();
  uint8_t* target = result->pixels.data();
  for (int y = 0; y < result->height; y += 2) {
    // An odd last row is its own partner.
    const bool pair = y + 1 < result->height;
    WidenRow(row, pixels, wide_rows.data());
    WidenRow(pair ? row + row_stride : row, pixels,
             wide_rows.data() + wide_stride);
    SumAlongRows(wide_rows.data(), wide_stride, wide_taps, target,
                 pair ? result_stride : 0);
    row += 2 * row_stride;
    target += 2 * result_stride;
  }
}

void ResampleColumnsAvx2(const Image& image, int top, const LineTaps& taps,
                         Image* result) {
  const size_t stride = image.stride();
  uint8_t* target = result->pixels.data();
  for (const LineTaps::Output& output : taps.outputs) {
    const uint8_t* const first =
        image.pixels.data() + stride * (output.first - top);
    const int32_t* const weights = &taps.weights[output.weight];
    size_t i = 0;
    for (; i + kBlockBytes <= stride; i += kBlockBytes) {
      SumDown(first + i, stride, weights, output.count, target + i);
    }
    for (; i < stride; ++i) {
      target[i] = WeightedSum(first + i, stride, weights, output.count);
    }
    target += stride;
  }
}

}  // namespace moevit

#endif  // defined(__x86_64__)
