#include "kernels/cpu/packed_matrix.h"

#include <algorithm>

namespace moevit::cpu {
namespace {

// The bias for inputs that are kCodeOffset above their codes, with the rounding
// of the shift to the right. Computed modulo 2^32, as the product is: what
// VerifyProgram bounds is their sum.
int32_t PackedBias(const Matrix& matrix, int channel) {
  uint32_t bias = static_cast<uint32_t>(matrix.bias[channel]);
  const int8_t* const row = matrix.weight.data() + int64_t{channel} * matrix.in;
  uint32_t sum = 0;
  for (int k = 0; k < matrix.in; ++k) sum += static_cast<uint32_t>(row[k]);
  bias -= sum * kCodeOffset;
  const int shift = matrix.shift[channel];
  if (shift > 0) bias += uint32_t{1} << (shift - 1);
  return static_cast<int32_t>(bias);
}

void PackWeights(const Matrix& matrix, int panel_width, int quads,
                 int8_t* packed) {
  const int64_t panel_bytes = int64_t{quads} * panel_width * kQuad;
  for (int n = 0; n < matrix.out; ++n) {
    const int8_t* const row = matrix.weight.data() + int64_t{n} * matrix.in;
    int8_t* const lane = packed + n / panel_width * panel_bytes +
                         int64_t{n % panel_width} * kQuad;
    for (int k = 0; k < matrix.in; ++k) {
      lane[int64_t{k / kQuad} * panel_width * kQuad + k % kQuad] = row[k];
    }
  }
}

}  // namespace

PackedMatrix PackMatrix(const Matrix& matrix, int lanes, MemoryArena* arena) {
  const int panel_width = kPanelVectors * lanes;
  PackedMatrix packed;
  packed.in = matrix.in;
  packed.out = matrix.out;
  packed.quads = static_cast<int>(DivideUp(matrix.in, kQuad));
  packed.panels =
      static_cast<int>(RoundUp(matrix.out, kRowPadding) / panel_width);
  const int64_t channels = int64_t{packed.panels} * panel_width;

  int8_t* const weights =
      arena->AllocateArray<int8_t>(channels * packed.quads * kQuad);
  PackWeights(matrix, panel_width, packed.quads, weights);
  packed.weights = weights;

  int32_t* const bias = arena->AllocateArray<int32_t>(channels);
  int32_t* const left = arena->AllocateArray<int32_t>(channels);
  int32_t* const right = arena->AllocateArray<int32_t>(channels);
  int16_t* const multiplier = arena->AllocateArray<int16_t>(channels);
  for (int n = 0; n < matrix.out; ++n) {
    bias[n] = PackedBias(matrix, n);
    left[n] = std::max(-matrix.shift[n], 0);
    right[n] = std::max<int>(matrix.shift[n], 0);
    packed.shift_left |= left[n] > 0;
  }
  const int pair = 2 * lanes;
  for (int64_t n = 0; n < channels; ++n) {
    const int64_t channel =
        n / pair * pair + PackedOrder(static_cast<int>(n % pair), lanes);
    if (channel < matrix.out) multiplier[n] = matrix.multiplier[channel];
  }
  packed.bias = bias;
  packed.left = left;
  packed.right = right;
  packed.multiplier = multiplier;
  return packed;
}

}  // namespace moevit::cpu
