#include "quantize/matrix_product.h"

#include <cblas.h>

#include <optional>

#include "absl/base/attributes.h"
#include "absl/base/const_init.h"
#include "absl/synchronization/mutex.h"

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
    if (openblas_get_parallel() == OPENBLAS_SEQUENTIAL) lock_.emplace(&mutex_);
  }

 private:
  ABSL_CONST_INIT static absl::Mutex mutex_;
  std::optional<absl::MutexLock> lock_;
};

ABSL_CONST_INIT absl::Mutex BlasCall::mutex_(absl::kConstInit);

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

}  // namespace moevit
