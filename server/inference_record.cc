#include "server/inference_record.h"

#include <algorithm>

namespace moevit {

InferenceRecord::InferenceRecord(const ServiceContext& context)
    : context_(context), start_(context.clock->Now()) {
  context_.in_flight->Begin();
}

absl::Time InferenceRecord::DeadlineFor(absl::Time wish) const {
  return std::min(wish, start_ + context_.max_request_time);
}

absl::Duration InferenceRecord::Elapsed() const {
  return std::max(context_.clock->Now() - start_, absl::ZeroDuration());
}

void InferenceRecord::SetOutcome(const absl::Status& status) const {
  const absl::Duration duration = Elapsed();
  if (model_ == nullptr) {
    context_.metrics->RecordRequestWithoutModel(status);
    return;
  }
  model_->metrics.RecordRequest(status, duration);
  model_->statistics.RecordRequest(status.ok(), duration);
}

}  // namespace moevit
