#include "scheduler/queue_budget.h"

#include <utility>

#include "absl/strings/str_format.h"

namespace moevit {

absl::Status QueueLimits::Validate() const {
  if (max_images < 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the queue must admit at least 1 image, not %d", max_images));
  }
  if (max_bytes < 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the queue must admit at least 1 byte, not %d", max_bytes));
  }
  return absl::OkStatus();
}

QueueBudget::Place::Place(Place&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

QueueBudget::Place& QueueBudget::Place::operator=(Place&& other) noexcept {
  if (this != &other) {
    Release();
    budget_ = std::exchange(other.budget_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

void QueueBudget::Place::Release() {
  if (budget_ != nullptr) std::exchange(budget_, nullptr)->GiveBack(bytes_);
}

absl::StatusOr<std::vector<QueueBudget::Place>> QueueBudget::Reserve(
    absl::Span<const int64_t> image_bytes) {
  const int64_t images = static_cast<int64_t>(image_bytes.size());
  MutexLock lock(&mutex_);
  if (images > limits_.max_images - usage_.images) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "the queue is full: it holds %d images, the request has %d, the limit "
        "is %d",
        usage_.images, images, limits_.max_images));
  }
  // Subtracting from what is free cannot overflow, whatever the sizes are.
  int64_t free_bytes = limits_.max_bytes - usage_.bytes;
  for (const int64_t bytes : image_bytes) {
    if (bytes > free_bytes) {
      return absl::ResourceExhaustedError(absl::StrFormat(
          "the queue is full: it holds %d bytes, an image of %d more does not "
          "fit below the limit of %d",
          limits_.max_bytes - free_bytes, bytes, limits_.max_bytes));
    }
    free_bytes -= bytes;
  }
  usage_.images += images;
  usage_.bytes = limits_.max_bytes - free_bytes;

  std::vector<Place> places;
  places.reserve(image_bytes.size());
  for (const int64_t bytes : image_bytes) places.push_back(Place(this, bytes));
  return places;
}

QueueBudget::Usage QueueBudget::usage() const {
  MutexLock lock(&mutex_);
  return usage_;
}

void QueueBudget::GiveBack(int64_t bytes) {
  MutexLock lock(&mutex_);
  usage_.images -= 1;
  usage_.bytes -= bytes;
}

}  // namespace moevit
