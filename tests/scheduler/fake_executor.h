// An executor that a test controls: its answers depend on the pixels only, it
// keeps a record of its batches, and it can be held or made to fail.

#ifndef MOEVIT_TESTS_SCHEDULER_FAKE_EXECUTOR_H_
#define MOEVIT_TESTS_SCHEDULER_FAKE_EXECUTOR_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "kernels/executor.h"

namespace moevit {

// What the executors of one test share. Thread safe.
class FakeExecutorControl {
 public:
  // From now on executors wait inside Run until Release.
  void Hold();
  void Release();

  // Returns when `count` batches have reached Run in total.
  void AwaitBatches(int count);

  // Counts batches from zero again.
  void ForgetBatches();

  // The status that Run returns from now on.
  void set_status(absl::Status status);

  // The status that Run returns for batches with an image whose first pixel is
  // `pixel`, from now on.
  void set_poison(uint8_t pixel, absl::Status status);

  // Has the next Run throw std::bad_alloc.
  void ThrowNext();

  // The sizes of the batches that reached Run, in order.
  std::vector<int> batch_sizes() const;

  // Called by the executors.
  absl::Status EnterRun(int images, absl::Span<const uint8_t> pixels);

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  uint8_t poison_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status poison_status_ ABSL_GUARDED_BY(mutex_);
  bool throw_next_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<int> batch_sizes_ ABSL_GUARDED_BY(mutex_);
};

// Logit c of an image is its first pixel if c is its second pixel modulo
// `classes`, and -c otherwise: the second pixel chooses the class. Each image
// is one token of the first expert of two in the only sparse layer.
class FakeExecutor final : public Executor {
 public:
  FakeExecutor(int classes, std::shared_ptr<FakeExecutorControl> control)
      : classes_(classes), control_(std::move(control)) {}

  absl::string_view name() const override { return "fake"; }
  absl::Status Run(int images, absl::Span<const uint8_t> pixels,
                   absl::Span<int32_t> logits, ExpertLoad* load) override;

  // Asks `cancelled` after Run, so that a test can cancel while it is held.
  absl::Status RunCancellable(int images, absl::Span<const uint8_t> pixels,
                              absl::Span<int32_t> logits, ExpertLoad* load,
                              absl::FunctionRef<bool()> cancelled) override;

 private:
  const int classes_;
  const std::shared_ptr<FakeExecutorControl> control_;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_SCHEDULER_FAKE_EXECUTOR_H_
