#include "server/inference_record.h"

#include <algorithm>

#include "base/catch_exceptions.h"

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

void InferenceRecord::SetOutcome(
    const absl::Status& status,
    absl::FunctionRef<RequestRecord()> describe) const {
  IgnoreExceptions([&] {
    const absl::Duration duration = Elapsed();
    Count(status, duration);
    context_.access_log->Record(status, [&] {
      RequestRecord record = describe();
      if (model_ != nullptr) {
        record.model = model_->name;
        record.version = model_->version_text();
      }
      record.duration = duration;
      return record;
    });
  });
}

void InferenceRecord::Count(const absl::Status& status,
                            absl::Duration duration) const {
  if (model_ == nullptr) {
    context_.metrics->RecordRequestWithoutModel(status);
    return;
  }
  model_->metrics.RecordRequest(status, duration);
  model_->statistics.RecordRequest(status.ok(), duration);
}

}  // namespace moevit
