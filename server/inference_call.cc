#include "server/inference_call.h"

#include <chrono>
#include <utility>

#include "base/catch_exceptions.h"
#include "base/status_macros.h"
#include "server/call_access.h"
#include "server/call_metadata.h"
#include "server/client_id.h"
#include "server/error_mapping.h"
#include "server/traceparent.h"
#include "server/unary_call.h"

namespace moevit {

absl::Time DeadlineOf(const grpc::ServerContextBase& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) {
    return absl::InfiniteFuture();
  }
  return absl::FromChrono(deadline);
}

grpc::ServerUnaryReactor* InferenceCall::Start(
    const ServiceContext& context, grpc::CallbackServerContext* grpc_context,
    absl::string_view request_id,
    absl::FunctionRef<absl::Status(InferenceCall&)> begin) {
  InferenceCall* call = nullptr;
  absl::Status accepted = CatchExceptions("accept the request", [&] {
    call = new InferenceCall(context, grpc_context, request_id);
    return absl::OkStatus();
  });
  if (!accepted.ok()) {
    return AnswerCall(grpc_context, [&] { return accepted; });
  }
  const absl::Status begun =
      CatchExceptions("handle the request", [&]() -> absl::Status {
        MOEVIT_RETURN_IF_ERROR(
            CheckAccess(*context.access, Role::kInfer, *grpc_context));
        return begin(*call);
      });
  if (!begun.ok()) call->Complete(begun);
  return call;
}

InferenceCall::InferenceCall(const ServiceContext& context,
                             grpc::CallbackServerContext* grpc_context,
                             absl::string_view request_id)
    : context_(context),
      grpc_context_(grpc_context),
      cancellation_(std::make_shared<Cancellation>()),
      record_(context),
      request_id_(request_id) {}

void InferenceCall::Infer(
    InferenceRequest request,
    std::function<absl::Status(InferenceResults)> respond) {
  request.model = record_.model();
  request.client = ClientIdOf(*grpc_context_);
  request.deadline = record_.DeadlineFor(DeadlineOf(*grpc_context_));
  request.cancellation = cancellation_;
  context_.pipeline->Run(
      std::move(request), [this, respond = std::move(respond)](
                              absl::StatusOr<InferenceResults> results) {
        Complete(!results.ok() ? results.status()
                               : CatchExceptions("write the answer", [&] {
                                   return respond(*std::move(results));
                                 }));
      });
}

void InferenceCall::Complete(const absl::Status& status) {
  IgnoreExceptions([&] { Report(status); });
  Finish(ToGrpcStatus(status));
}

void InferenceCall::Report(const absl::Status& status) {
  const std::string name = RequestName();
  record_.SetOutcome(status, [&] { return Describe(name); });
  if (!status.ok() && IsMetadataValue(name)) {
    grpc_context_->AddTrailingMetadata(kRequestId, name);
  }
  AddRetryPushback(status, grpc_context_);
}

std::string InferenceCall::RequestName() const {
  const absl::string_view chosen = CallMetadata(*grpc_context_, kRequestId);
  return RequestId(chosen.empty() ? request_id_ : chosen);
}

RequestRecord InferenceCall::Describe(const std::string& request_name) const {
  RequestRecord record;
  record.request_id = request_name;
  record.trace = ParseTraceParent(CallMetadata(*grpc_context_, "traceparent"));
  record.client = grpc_context_->peer();
  return record;
}

void InferenceCall::OnCancel() {
  cancellation_->Cancel();
  context_.pipeline->RemoveCancelled();
}

void InferenceCall::OnDone() { delete this; }

}  // namespace moevit
