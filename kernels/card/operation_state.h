// Whether a copy or a launch has ended, and how: shared by whoever runs it and
// whoever waits for it, so that neither has to outlive the other.

#ifndef MOEVIT_KERNELS_CARD_OPERATION_STATE_H_
#define MOEVIT_KERNELS_CARD_OPERATION_STATE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "kernels/card/card.h"

namespace moevit {

// Thread safe.
class OperationState {
 public:
  // `what` names the operation in errors. `on_late`, if any, is called once
  // when a wait gives up.
  explicit OperationState(std::string what,
                          std::function<void()> on_late = nullptr)
      : what_(std::move(what)), on_late_(std::move(on_late)) {}

  // The first call counts.
  void End(const absl::Status& status);

  // See CardOperation::Wait.
  absl::Status Wait(absl::Time deadline);

 private:
  const std::string what_;
  Mutex mutex_;
  CondVar changed_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> on_late_ ABSL_GUARDED_BY(mutex_);
};

// The waiting side, as the interface of cards has it.
class SharedOperation : public CardOperation {
 public:
  explicit SharedOperation(std::shared_ptr<OperationState> state)
      : state_(std::move(state)) {}
  absl::Status Wait(absl::Time deadline) override {
    return state_->Wait(deadline);
  }

 private:
  const std::shared_ptr<OperationState> state_;
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_OPERATION_STATE_H_
