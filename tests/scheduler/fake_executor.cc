#include "tests/scheduler/fake_executor.h"

namespace moevit {

void FakeExecutorControl::Hold() {
  MutexLock lock(&mutex_);
  held_ = true;
}

void FakeExecutorControl::Release() {
  MutexLock lock(&mutex_);
  held_ = false;
  changed_.SignalAll();
}

void FakeExecutorControl::AwaitBatches(int count) {
  MutexLock lock(&mutex_);
  while (static_cast<int>(batch_sizes_.size()) < count) changed_.Wait(&mutex_);
}

void FakeExecutorControl::set_status(absl::Status status) {
  MutexLock lock(&mutex_);
  status_ = std::move(status);
}

std::vector<int> FakeExecutorControl::batch_sizes() const {
  MutexLock lock(&mutex_);
  return batch_sizes_;
}

absl::Status FakeExecutorControl::EnterRun(int images) {
  MutexLock lock(&mutex_);
  batch_sizes_.push_back(images);
  changed_.SignalAll();
  while (held_) changed_.Wait(&mutex_);
  return status_;
}

absl::Status FakeExecutor::Run(int images, absl::Span<const uint8_t> pixels,
                               absl::Span<int32_t> logits,
                               ExpertLoad* /*load*/) {
  const absl::Status status = control_->EnterRun(images);
  if (!status.ok()) return status;
  const size_t image_bytes = pixels.size() / images;
  for (int i = 0; i < images; ++i) {
    const uint8_t* image = pixels.data() + i * image_bytes;
    for (int c = 0; c < classes_; ++c) {
      logits[i * classes_ + c] = c == image[1] % classes_ ? image[0] : -c;
    }
  }
  return absl::OkStatus();
}

}  // namespace moevit
