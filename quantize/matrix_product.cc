#include "quantize/matrix_product.h"

#include <cblas.h>

#include <mutex>

// LAPACK's own names; Debian's OpenBLAS has them without a header.
extern "C" {
void dpotrf_(const char* triangle, const int* n, double* matrix,
             const int* stride, int* error);
void dpotri_(const char* triangle, const int* n, double* matrix,
             const int* stride, int* error);
}

namespace moevit {
namespace {

// The library's own threads would compete with ours. This call is not thread
// safe itself.
bool UseOneBlasThread() {
  openblas_set_num_threads(1);
  return true;
}

// Held during a call of a library that was built without threads: it has no
// locks either, and concurrent calls would silently share work buffers. Which
// build is loaded is the system's choice (update-alternatives), made after
// ours was linked.
class BlasCall {
 public:
  BlasCall() {
    static const bool one_thread = UseOneBlasThread();
    static_cast<void>(one_thread);
    if (openblas_get_parallel() == OPENBLAS_SEQUENTIAL) lock_.lock();
  }

 private:
  static std::mutex mutex_;
  std::unique_lock<std::mutex> lock_{mutex_, std::defer_lock};
};

std::mutex BlasCall::mutex_;

}  // namespace

void MultiplyTransposed(const ConstMatrixView& a, const ConstMatrixView& b,
                        float scale, float keep, const MatrixView& out) {
  if (out.rows == 0 || out.columns == 0) return;
  const BlasCall call;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, out.rows, out.columns,
              a.columns, scale, a.data, a.stride, b.data, b.stride, keep,
              out.data, out.stride);
}

void Multiply(const ConstMatrixView& a, const ConstMatrixView& b,
              const MatrixView& out) {
  if (out.rows == 0 || out.columns == 0) return;
  const BlasCall call;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, out.rows, out.columns,
              a.columns, /*alpha=*/1.0f, a.data, a.stride, b.data, b.stride,
              /*beta=*/0.0f, out.data, out.stride);
}

bool InvertToCholesky(int n, absl::Span<double> matrix) {
  // LAPACK's lower triangle in column order is our upper one in row order.
  const BlasCall call;
  int error = 0;
  dpotrf_("L", &n, matrix.data(), &n, &error);
  if (error == 0) dpotri_("L", &n, matrix.data(), &n, &error);
  if (error == 0) dpotrf_("L", &n, matrix.data(), &n, &error);
  return error == 0;
}

}  // namespace moevit
