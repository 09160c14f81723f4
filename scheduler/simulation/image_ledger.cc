#include "scheduler/simulation/image_ledger.h"

#include <algorithm>
#include <utility>

namespace moevit {
namespace {

void Add(const ImageCounts& from, ImageCounts& to) {
  to.in_time += from.in_time;
  to.late += from.late;
  to.expired += from.expired;
  to.refused += from.refused;
  to.rejected += from.rejected;
  to.failed += from.failed;
}

}  // namespace

ImageLedger::ImageLedger(const std::vector<std::string>& kinds) {
  for (const std::string& name : kinds) requests_.push_back({.name = name});
}

ImageTask::Done ImageLedger::Arrive(int kind, absl::Time deadline,
                                    const absl::Time* clock) {
  ++in_system_;
  return [this, kind, number = arrived_++, arrival = *clock, deadline,
          clock](absl::StatusOr<ImageResult> result) {
    const double seconds = absl::ToDoubleSeconds(*clock - arrival);
    Leave({kind, number, seconds}, *clock <= deadline, result.status());
  };
}

void ImageLedger::Leave(const Answered& image, bool in_time,
                        const absl::Status& status) {
  --in_system_;
  ImageCounts& counts = requests_[image.kind].images;
  if (status.ok()) {
    ++(in_time ? counts.in_time : counts.late);
    answered_.push_back(image);
  } else if (absl::IsResourceExhausted(status)) {
    ++counts.rejected;
  } else if (absl::IsDeadlineExceeded(status)) {
    ++(image.seconds == 0 ? counts.refused : counts.expired);
  } else {
    ++counts.failed;
  }
}

void ImageLedger::Report(double warmup, SimulationReport& report) const {
  const double skipped = warmup * static_cast<double>(arrived_);
  std::vector<std::vector<double>> by_kind(requests_.size());
  for (const Answered& image : answered_) {
    if (static_cast<double>(image.number) < skipped) continue;
    by_kind[image.kind].push_back(image.seconds);
    report.latencies.push_back(image.seconds);
  }
  std::sort(report.latencies.begin(), report.latencies.end());
  report.latency = Summarize(report.latencies);
  report.requests = requests_;
  for (size_t kind = 0; kind < requests_.size(); ++kind) {
    report.requests[kind].latency = Summarize(std::move(by_kind[kind]));
    Add(requests_[kind].images, report.images);
  }
  const double seconds = absl::ToDoubleSeconds(report.time);
  if (seconds <= 0) return;
  report.offered_per_second = static_cast<double>(arrived_) / seconds;
  report.answered_per_second =
      static_cast<double>(report.images.answered()) / seconds;
  report.mean_in_system = image_seconds_ / seconds;
}

}  // namespace moevit
