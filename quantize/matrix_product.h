// Matrix products and factorization; the only place that knows the BLAS.
//
// Each call runs on the calling thread alone: parallelism comes from working
// on several images at once. Safe to call from any number of threads.

#ifndef MOEVIT_QUANTIZE_MATRIX_PRODUCT_H_
#define MOEVIT_QUANTIZE_MATRIX_PRODUCT_H_

#include "absl/types/span.h"

namespace moevit {

// A row-major matrix that may be a column range of a wider one.
struct ConstMatrixView {
  const float* data = nullptr;
  int rows = 0;
  int columns = 0;
  int stride = 0;  // from one row to the next, >= columns
};

struct MatrixView {
  float* data = nullptr;
  int rows = 0;
  int columns = 0;
  int stride = 0;
};

// out = scale * a b^T + keep * out.
// REQUIRES: a is [m, k], b is [n, k], out is [m, n] and overlaps neither.
void MultiplyTransposed(const ConstMatrixView& a, const ConstMatrixView& b,
                        float scale, float keep, const MatrixView& out);

// out = a b.
// REQUIRES: a is [m, k], b is [k, n], out is [m, n] and overlaps neither.
void Multiply(const ConstMatrixView& a, const ConstMatrixView& b,
              const MatrixView& out);

// Replaces the symmetric positive definite `matrix`, [n, n], by the upper
// triangular U with inverse(matrix) = U^T U; what stands below the diagonal is
// unspecified. Returns false, and leaves rubbish, when it is not definite.
bool InvertToCholesky(int n, absl::Span<double> matrix);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_MATRIX_PRODUCT_H_
