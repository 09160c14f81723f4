#include "scheduler/batch_queue.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "scheduler/device_choice.h"

namespace moevit {
namespace {

// A batch that closes for a deadline leaves its execution so much more than
// the prediction, beside twice the prediction's usual error.
constexpr double kDeadlineMargin = 0.05;

// An image is not executed because it would take too long; how long it takes is
// only learned by executing. So a prediction is not held against images any
// more when no batch has been started for so many times as long, and at least
// for so long: an image that then proves it right costs a fifth of a lane at
// most.
constexpr double kTrustedExecutions = 4;
constexpr absl::Duration kTrusted = absl::Milliseconds(100);

// Devices whose times differ by a smaller part than this are alike.
constexpr double kAlike = 0.1;

// Images per second in batches of the size about which most is known.
double UsualSpeed(const CostModel& cost) {
  const int images = cost.usual_images();
  return images / absl::ToDoubleSeconds(cost.Predict(images));
}

// How much a device with costs `cost` does in the time in which one with costs
// `reference` does 1. What takes as long in the batches that the first has run
// is taken to do so in those that it has not: what it says about them is a
// guess.
double RelativeSpeed(const CostModel& cost, const CostModel& reference,
                     int max_batch_size) {
  const auto speed = [&](int images) {
    return absl::FDivDuration(reference.Predict(images), cost.Predict(images));
  };
  const bool alike = std::abs(speed(cost.usual_images()) - 1) < kAlike;
  return alike ? 1 : speed(max_batch_size);
}

std::string Rounded(absl::Duration duration) {
  return absl::FormatDuration(absl::Trunc(duration, absl::Microseconds(1)));
}

}  // namespace

absl::Status BatchingOptions::Validate() const {
  if (max_batch_size < 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a batch must admit at least 1 image, not %d", max_batch_size));
  }
  if (max_queue_delay < absl::ZeroDuration() ||
      max_queue_delay == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the queue delay must be finite and not negative, not ",
                     absl::FormatDuration(max_queue_delay)));
  }
  return policy.Validate();
}

BatchQueue::BatchQueue(const BatchingOptions& options)
    : options_(options),
      fixed_rule_{.images = options.max_batch_size,
                  .delay = options.max_queue_delay},
      tasks_(options.policy),
      planner_(options.max_batch_size, options.max_queue_delay) {}

const BatchRule& BatchQueue::rule() const {
  return learns() ? planner_.rule() : fixed_rule_;
}

absl::Duration BatchQueue::PredictBatch(DeviceId device, int images) const {
  if (device >= static_cast<int>(costs_.size())) return absl::ZeroDuration();
  return costs_[device].Predict(images);
}

void BatchQueue::OnBatchFinished(DeviceId device, int images,
                                 absl::Duration duration) {
  costs_.resize(std::max<size_t>(costs_.size(), device + 1));
  costs_[device].Observe(images, duration);
}

// The least that one image takes on any device; zero while not known, or not
// any more.
absl::Duration BatchQueue::LeastExecution(absl::Time now,
                                          Devices devices) const {
  absl::Duration least = absl::InfiniteDuration();
  for (size_t i = 0; i < devices.size(); ++i) {
    if (!devices[i].serving) continue;
    const bool known = learns() && i < costs_.size() && costs_[i].known();
    least = std::min(least,
                     known ? costs_[i].PredictLeast(1) : absl::ZeroDuration());
  }
  if (least == absl::InfiniteDuration()) return absl::ZeroDuration();
  const bool trusted =
      now - last_start_ <= std::max(kTrusted, kTrustedExecutions * least);
  return trusted ? least : absl::ZeroDuration();
}

// Until a device is free for an image that so many others go before: what is
// being executed now, then full batches on all lanes.
absl::Duration BatchQueue::PredictWait(int images_ahead, absl::Time now,
                                       Devices devices) const {
  absl::Time first_free = absl::InfiniteFuture();
  double images_per_second = 0;
  for (size_t i = 0; i < devices.size(); ++i) {
    if (!devices[i].serving) continue;
    const bool known = i < costs_.size() && costs_[i].known();
    if (!known) return absl::ZeroDuration();
    const int batch = options_.max_batch_size;
    const double seconds = absl::ToDoubleSeconds(costs_[i].PredictLeast(batch));
    images_per_second +=
        static_cast<double>(devices[i].lanes.size()) * batch / seconds;
    for (const LaneState& lane : devices[i].lanes) {
      first_free = std::min(first_free, lane.ExpectedEnd(now));
    }
  }
  if (images_per_second <= 0) return absl::ZeroDuration();
  return first_free - now + absl::Seconds(images_ahead / images_per_second);
}

absl::Status BatchQueue::CheckDeadline(const ImageTask& task, absl::Time now,
                                       Devices devices) const {
  const bool has_deadline = task.deadline != absl::InfiniteFuture() ||
                            task.queue_deadline != absl::InfiniteFuture();
  if (!learns() || !has_deadline) return absl::OkStatus();
  const absl::Duration wait =
      PredictWait(tasks_.SizeAhead(task.priority), now, devices);
  const absl::Duration answer = wait + LeastExecution(now, devices);
  if (now + answer > task.deadline) {
    return absl::DeadlineExceededError(absl::StrFormat(
        "the deadline cannot be met: it is %s away and the answer is predicted "
        "to take %s, with %d images ahead",
        Rounded(task.deadline - now), Rounded(answer),
        tasks_.SizeAhead(task.priority)));
  }
  if (now + wait > task.queue_deadline) {
    return absl::DeadlineExceededError(absl::StrFormat(
        "the timeout cannot be met: it is %s away and the wait is predicted to "
        "take %s, with %d images ahead",
        Rounded(task.queue_deadline - now), Rounded(wait),
        tasks_.SizeAhead(task.priority)));
  }
  return absl::OkStatus();
}

void BatchQueue::Push(ImageTask task, absl::Time now, Devices devices) {
  task.arrival = now;
  tasks_.Push(std::move(task));
  if (learns()) RecordArrival(now, devices);
}

// The planner sees all devices as lanes of the fastest one; nothing while it
// would take the load of all for that of a few.
void BatchQueue::RecordArrival(absl::Time now, Devices devices) {
  const auto usable = [&](size_t i) {
    return i < costs_.size() && devices[i].serving && costs_[i].known() &&
           costs_[i].Predict(options_.max_batch_size) > absl::ZeroDuration();
  };
  const auto unknown = [&](size_t i) {
    return devices[i].serving && (i >= costs_.size() || !costs_[i].known());
  };
  const CostModel* fastest = nullptr;
  for (size_t i = 0; i < devices.size(); ++i) {
    if (unknown(i)) return;
    if (!usable(i)) continue;
    if (fastest == nullptr || UsualSpeed(costs_[i]) > UsualSpeed(*fastest)) {
      fastest = &costs_[i];
    }
  }
  if (fastest == nullptr) return;
  double lanes = 0;
  bool alike = true;
  for (size_t i = 0; i < devices.size(); ++i) {
    if (!usable(i)) continue;
    const double speed =
        RelativeSpeed(costs_[i], *fastest, options_.max_batch_size);
    lanes += speed * static_cast<double>(devices[i].lanes.size());
    alike &= speed == 1;
  }
  planner_.RecordArrival(now, *fastest, static_cast<int>(std::lround(lanes)),
                         alike);
}

// When a batch of `images` starts on `device` if no more images come.
absl::Time BatchQueue::DueTime(int images, DeviceId device) const {
  if (images >= rule().images) return absl::InfinitePast();
  const absl::Time due = tasks_.OldestArrival() + rule().delay;
  if (!learns()) return due;
  if (tasks_.EarliestQueueDeadline() <= due) return absl::InfinitePast();
  if (device >= static_cast<int>(costs_.size())) return due;
  const CostModel& cost = costs_[device];
  const double margin = 1 + kDeadlineMargin + 2 * cost.relative_error();
  return std::min(due,
                  tasks_.EarliestDeadline() - margin * cost.Predict(images));
}

std::optional<PlannedBatch> BatchQueue::NextBatch(absl::Time now,
                                                  Devices devices) const {
  if (tasks_.size() == 0) return std::nullopt;
  const int images =
      ImagesToTake(rule(), tasks_.size(), options_.max_batch_size);
  const auto choice = ChooseDevice(devices, costs_, images, tasks_.size(), now);
  if (!choice.has_value()) return std::nullopt;
  return PlannedBatch{.start = DueTime(images, choice->device),
                      .device = choice->device,
                      .images = std::min(images, tasks_.size() - choice->skip),
                      .skip = choice->skip};
}

std::vector<ImageTask> BatchQueue::TakeBatch(const PlannedBatch& batch,
                                             absl::Time now) {
  last_start_ = now;
  return tasks_.Take(batch.images, batch.skip, now);
}

std::vector<DeadTask> BatchQueue::TakeDead(absl::Time now, Devices devices) {
  return tasks_.TakeDead(now, LeastExecution(now, devices));
}

absl::Time BatchQueue::NextExpiry(absl::Time now, Devices devices) const {
  return std::min(tasks_.EarliestDeadline() - LeastExecution(now, devices),
                  tasks_.EarliestQueueDeadline());
}

}  // namespace moevit
