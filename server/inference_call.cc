#include "server/inference_call.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/error_mapping.h"

namespace moevit {
namespace {

absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) {
    return absl::InfiniteFuture();
  }
  return absl::FromChrono(deadline);
}

}  // namespace

InferenceCall::InferenceCall(const ServiceContext& context,
                             const grpc::CallbackServerContext& grpc_context)
    : context_(context),
      start_(context.clock->Now()),
      deadline_(DeadlineOf(grpc_context)),
      cancellation_(std::make_shared<Cancellation>()) {
  context_.in_flight->Begin();
}

InferenceRequest InferenceCall::NewRequest(
    std::vector<ImageInput> images) const {
  return {.model = model_,
          .images = std::move(images),
          .deadline = deadline_,
          .cancellation = cancellation_,
          .priority = 0,
          .timeout = absl::ZeroDuration()};
}

void InferenceCall::Complete(const absl::Status& status) {
  const absl::Duration duration =
      std::max(context_.clock->Now() - start_, absl::ZeroDuration());
  if (model_ != nullptr) {
    model_->metrics.RecordRequest(status, duration);
    model_->statistics.RecordRequest(status.ok(), duration);
  } else {
    context_.metrics->RecordRequestWithoutModel(status);
  }
  Finish(ToGrpcStatus(status));
}

void InferenceCall::OnCancel() {
  cancellation_->Cancel();
  context_.pipeline->RemoveCancelled();
}

void InferenceCall::OnDone() {
  context_.in_flight->End();
  delete this;
}

}  // namespace moevit
