#include "quantize/matrix_product.h"

#include <cblas.h>

namespace moevit {
namespace {

// A machine may have the threaded variant of the library installed as well;
// its threads would compete with ours.
void UseOneBlasThread() {
  static const bool done = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

void MultiplyTransposed(const ConstMatrixView& a, const ConstMatrixView& b,
                        float scale, float keep, const MatrixView& out) {
  if (out.rows == 0 || out.columns == 0) return;
  UseOneBlasThread();
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, out.rows, out.columns,
              a.columns, scale, a.data, a.stride, b.data, b.stride, keep,
              out.data, out.stride);
}

void Multiply(const ConstMatrixView& a, const ConstMatrixView& b,
              const MatrixView& out) {
  if (out.rows == 0 || out.columns == 0) return;
  UseOneBlasThread();
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, out.rows, out.columns,
              a.columns, /*alpha=*/1.0f, a.data, a.stride, b.data, b.stride,
              /*beta=*/0.0f, out.data, out.stride);
}

}  // namespace moevit
