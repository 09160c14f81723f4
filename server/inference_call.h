// One inference call with one answer, from its arrival to its end: the part
// that is the same for both services.

#ifndef MOEVIT_SERVER_INFERENCE_CALL_H_
#define MOEVIT_SERVER_INFERENCE_CALL_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "scheduler/image_task.h"
#include "server/access_log.h"
#include "server/inference_record.h"
#include "server/inference_request.h"

namespace moevit {

// When the client gives up; the infinite future if it never does.
absl::Time DeadlineOf(const grpc::ServerContextBase& context);

// Deletes itself when gRPC is done with it. It is answered exactly once, on any
// thread; the object may be gone then.
class InferenceCall final : public grpc::ServerUnaryReactor {
 public:
  // A new call, for which `begin` has been called if the caller may infer. It
  // either has the call answered by calling Infer once, or returns why not;
  // that, or its exception, is the answer then. `request_id` is what the
  // request says it is called, and lives as long as the call; empty if it says
  // nothing.
  static grpc::ServerUnaryReactor* Start(
      const ServiceContext& context, grpc::CallbackServerContext* grpc_context,
      absl::string_view request_id,
      absl::FunctionRef<absl::Status(InferenceCall&)> begin);

  // Has the call counted for `model`.
  void set_model(ModelRegistry::ModelPointer model) {
    record_.set_model(std::move(model));
  }

  // Runs `request`, whose images, owner, priority and timeout are set, for this
  // call. `respond` fills in the response before it is sent; its error, or its
  // exception, is the answer then.
  // REQUIRES: set_model was called.
  void Infer(InferenceRequest request,
             std::function<absl::Status(InferenceResults)> respond);

 private:
  InferenceCall(const ServiceContext& context,
                grpc::CallbackServerContext* grpc_context,
                absl::string_view request_id);
  ~InferenceCall() override = default;

  // Records the outcome and sends the answer: the response if `status` is OK,
  // the mapped error if not. Does not throw.
  void Complete(const absl::Status& status);

  // Records it, and adds to an error the request's name in the log, as the
  // metadata "x-request-id", and when to try again.
  void Report(const absl::Status& status);

  // The client went away or its deadline passed.
  void OnCancel() override;
  void OnDone() override;

  // By the metadata "x-request-id", the request itself, or a new one.
  std::string RequestName() const;
  RequestRecord Describe(const std::string& request_name) const;

  const ServiceContext& context_;
  grpc::CallbackServerContext* const grpc_context_;  // valid until OnDone
  const std::shared_ptr<Cancellation> cancellation_;
  InferenceRecord record_;
  const absl::string_view request_id_;  // empty if the request has none
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_INFERENCE_CALL_H_
