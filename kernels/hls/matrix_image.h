// Builds the matrix images that moevit_linear reads. Host code.

#ifndef MOEVIT_KERNELS_HLS_MATRIX_IMAGE_H_
#define MOEVIT_KERNELS_HLS_MATRIX_IMAGE_H_

#include <cstdint>

#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// A matrix in the form of program/program.h; views, not owned.
struct MatrixView {
  int in;
  int out;
  const int8_t* weight;       // [out, in]
  const int32_t* bias;        // [out]
  const int16_t* multiplier;  // [out]
  const int8_t* shift;        // [out]
  const uint8_t* delta;       // [256], or null without activation
};

// Writes MatrixImageWords(CodeWords(in), out) words to each port, as
// descriptor.h lays them out.
void WriteMatrixImage(const MatrixView& matrix, Word* port0, Word* port1);

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_MATRIX_IMAGE_H_
