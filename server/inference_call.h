// One inference call, from its arrival to its answer: the part that is the
// same for both services.

#ifndef MOEVIT_SERVER_INFERENCE_CALL_H_
#define MOEVIT_SERVER_INFERENCE_CALL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "scheduler/clock.h"
#include "scheduler/image_task.h"
#include "server/access_control.h"
#include "server/access_log.h"
#include "server/in_flight.h"
#include "server/inference_pipeline.h"
#include "server/metrics.h"
#include "server/model_registry.h"
#include "server/model_repository.h"

namespace moevit {

// What the services share. The pointers outlive the calls.
struct ServiceContext {
  AccessLog* access_log = nullptr;
  const AccessControl* access = nullptr;
  ModelRegistry* models = nullptr;
  ModelRepository* repository = nullptr;
  InferencePipeline* pipeline = nullptr;
  Metrics* metrics = nullptr;
  InFlight* in_flight = nullptr;
  Clock* clock = nullptr;
};

// Deletes itself when gRPC is done with it. Complete must be called exactly
// once, on any thread; the object may be gone when it returns.
class InferenceCall final : public grpc::ServerUnaryReactor {
 public:
  InferenceCall(const ServiceContext& context,
                grpc::CallbackServerContext& grpc_context);

  // Has the call counted for `model`.
  void set_model(ModelRegistry::ModelPointer model) {
    model_ = std::move(model);
  }

  // What the request says it is called. `id` must live until Complete.
  void set_request_id(absl::string_view id) { request_id_ = id; }

  // A request for `images` with the call's deadline and cancellation.
  // REQUIRES: set_model was called.
  InferenceRequest NewRequest(std::vector<ImageInput> images) const;

  // Records the outcome and sends the answer: the response if `status` is OK,
  // the mapped error if not, with the request's name in the log as the
  // metadata "x-request-id".
  void Complete(const absl::Status& status);

 private:
  ~InferenceCall() override = default;

  // The client went away or its deadline passed.
  void OnCancel() override;
  void OnDone() override;

  // By the metadata "x-request-id", the request itself, or a new one.
  std::string RequestName() const;
  RequestRecord Describe(const std::string& request_name,
                         absl::Duration duration) const;

  const ServiceContext& context_;
  grpc::CallbackServerContext& grpc_context_;
  const absl::Time start_;
  const absl::Time deadline_;
  const std::shared_ptr<Cancellation> cancellation_;
  ModelRegistry::ModelPointer model_;  // null until one was found
  absl::string_view request_id_;       // empty if the request has none
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_INFERENCE_CALL_H_
