// Matrix products of the reference executor, one output row at a time.
//
// Overflow cannot happen for programs that passed VerifyProgram.

#ifndef MOEVIT_KERNELS_REFERENCE_LINEAR_H_
#define MOEVIT_KERNELS_REFERENCE_LINEAR_H_

#include <cstdint>

#include "program/program.h"

namespace moevit::reference {

// The fine result of output channel n for input row `input`, [matrix.in].
int16_t FineProduct(const Matrix& matrix, int n, const int8_t* input);

// input: [matrix.in] codes; output: [matrix.out] codes.
void CodeRow(const CodeMatrix& matrix, const int8_t* input, int8_t* output);

// residual, output: [matrix.out] int16; they may be the same.
void AddRow(const Matrix& matrix, const int8_t* input, const int16_t* residual,
            int residual_shift, int16_t* output);

}  // namespace moevit::reference

#endif  // MOEVIT_KERNELS_REFERENCE_LINEAR_H_
