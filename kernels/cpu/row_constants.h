// The few scalar steps per row in the middle of vector kernels.
//
// Functions of their own rather than inline ones of kernels/arith: files
// compiled for one instruction set must not define functions that the linker
// could take for everybody's.

#ifndef MOEVIT_KERNELS_CPU_ROW_CONSTANTS_H_
#define MOEVIT_KERNELS_CPU_ROW_CONSTANTS_H_

#include <cstdint>

namespace moevit::cpu {

// A rescaling ready for vectors: shift left, add the rounding, shift right,
// then multiply.
struct RowRescale {
  int32_t left = 0;
  int32_t round = 0;
  int32_t right = 0;
  int16_t multiplier = 0;
};

RowRescale MakeRowRescale(int16_t multiplier, int shift);

// For a row of layer normalization: its mean's part and how to rescale.
struct NormRow {
  int32_t sum = 0;
  int64_t sum_of_squares = 0;
  RowRescale rescale;  // filled in by FinishNormRows
};

void FinishNormRows(NormRow* rows, int count, int width, uint64_t epsilon);

// The rescaling of a row of attention whose numerators sum to `denominator`.
RowRescale MixtureRowRescale(int32_t denominator);

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_ROW_CONSTANTS_H_
