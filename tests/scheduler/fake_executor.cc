#include "tests/scheduler/fake_executor.h"

#include <new>

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

void FakeExecutorControl::ForgetBatches() {
  MutexLock lock(&mutex_);
  batch_sizes_.clear();
}

void FakeExecutorControl::set_status(absl::Status status) {
  MutexLock lock(&mutex_);
  status_ = std::move(status);
}

void FakeExecutorControl::set_poison(uint8_t pixel, absl::Status status) {
  MutexLock lock(&mutex_);
  poison_ = pixel;
  poison_status_ = std::move(status);
}

void FakeExecutorControl::ThrowNext() {
  MutexLock lock(&mutex_);
  throw_next_ = true;
}

std::vector<int> FakeExecutorControl::batch_sizes() const {
  MutexLock lock(&mutex_);
  return batch_sizes_;
}

absl::Status FakeExecutorControl::EnterRun(int images,
                                           absl::Span<const uint8_t> pixels) {
  MutexLock lock(&mutex_);
  batch_sizes_.push_back(images);
  changed_.SignalAll();
  while (held_) changed_.Wait(&mutex_);
  if (std::exchange(throw_next_, false)) throw std::bad_alloc();
  const size_t image_bytes = pixels.size() / images;
  for (int i = 0; i < images; ++i) {
    const bool poisoned = pixels[i * image_bytes] == poison_;
    if (poisoned && !poison_status_.ok()) return poison_status_;
  }
  return status_;
}

absl::Status FakeExecutor::Run(int images, absl::Span<const uint8_t> pixels,
                               absl::Span<int32_t> logits, ExpertLoad* load) {
  const absl::Status status = control_->EnterRun(images, pixels);
  if (!status.ok()) return status;
  const size_t image_bytes = pixels.size() / images;
  for (int i = 0; i < images; ++i) {
    const uint8_t* image = pixels.data() + i * image_bytes;
    for (int c = 0; c < classes_; ++c) {
      logits[i * classes_ + c] = c == image[1] % classes_ ? image[0] : -c;
    }
  }
  if (load != nullptr) load->tokens = {{images, 0}};
  return absl::OkStatus();
}

absl::Status FakeExecutor::RunCancellable(int images,
                                          absl::Span<const uint8_t> pixels,
                                          absl::Span<int32_t> logits,
                                          ExpertLoad* load,
                                          absl::FunctionRef<bool()> cancelled) {
  absl::Status status = Run(images, pixels, logits, load);
  return status.ok() && cancelled() ? BatchCancelledError() : status;
}

}  // namespace moevit
