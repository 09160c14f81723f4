#include "server/inference_call.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/call_metadata.h"
#include "server/error_mapping.h"
#include "server/traceparent.h"

namespace moevit {
namespace {

constexpr char kRequestId[] = "x-request-id";

absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) {
    return absl::InfiniteFuture();
  }
  return absl::FromChrono(deadline);
}

}  // namespace

InferenceCall::InferenceCall(const ServiceContext& context,
                             grpc::CallbackServerContext& grpc_context)
    : context_(context),
      grpc_context_(grpc_context),
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
  const std::string name = RequestName();
  context_.access_log->Record(status, [&] { return Describe(name, duration); });
  if (!status.ok() && IsMetadataValue(name)) {
    grpc_context_.AddTrailingMetadata(kRequestId, name);
  }
  Finish(ToGrpcStatus(status));
}

std::string InferenceCall::RequestName() const {
  const absl::string_view chosen = CallMetadata(grpc_context_, kRequestId);
  return RequestId(chosen.empty() ? request_id_ : chosen);
}

RequestRecord InferenceCall::Describe(const std::string& request_name,
                                      absl::Duration duration) const {
  RequestRecord record;
  record.request_id = request_name;
  record.trace = ParseTraceParent(CallMetadata(grpc_context_, "traceparent"));
  record.client = grpc_context_.peer();
  if (model_ != nullptr) {
    record.model = model_->name;
    record.version = model_->version_text();
  }
  record.duration = duration;
  return record;
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
