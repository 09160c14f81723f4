#include "kernels/hls/matrix_image.h"

#include <cstring>

#include "kernels/hls/descriptor.h"

namespace moevit {
namespace hls {
namespace {

void WriteTable(const uint8_t* delta, int port, int8_t* words) {
  if (delta == nullptr) return;
  constexpr int kHalf = kTableWords * kWordBytes;
  std::memcpy(words, delta + port * kHalf, kHalf);
}

void WriteConstants(const MatrixView& matrix, int port, int8_t* words) {
  for (int n = port; n < matrix.out; n += 2) {
    const ChannelConstants constants = {matrix.bias[n], matrix.multiplier[n],
                                        matrix.shift[n], 0};
    std::memcpy(words + int64_t{n / 2} * sizeof(constants), &constants,
                sizeof(constants));
  }
}

void WriteWeights(const MatrixView& matrix, int port, int8_t* words) {
  const int64_t row_bytes = int64_t{CodeWords(matrix.in)} * kWordBytes;
  for (int n = port; n < matrix.out; n += 2) {
    std::memcpy(words + n / 2 * row_bytes,
                matrix.weight + int64_t{n} * matrix.in,
                static_cast<size_t>(matrix.in));
  }
}

void WritePort(const MatrixView& matrix, int port, Word* image) {
  const int words = MatrixImageWords(CodeWords(matrix.in), matrix.out);
  std::memset(image, 0, sizeof(Word) * static_cast<size_t>(words));
  Word* const constants = image + kTableWords;
  Word* const weights = constants + ConstantWords(matrix.out);
  WriteTable(matrix.delta, port, image->lanes);
  WriteConstants(matrix, port, constants->lanes);
  WriteWeights(matrix, port, weights->lanes);
}

}  // namespace

void WriteMatrixImage(const MatrixView& matrix, Word* port0, Word* port1) {
  WritePort(matrix, 0, port0);
  WritePort(matrix, 1, port1);
}

}  // namespace hls
}  // namespace moevit
