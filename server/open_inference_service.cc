#include "server/open_inference_service.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/call_access.h"
#include "server/error_mapping.h"
#include "server/inference_call.h"
#include "server/inference_stream.h"
#include "server/tensor_inference.h"

namespace moevit {
namespace {

grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context,
                                 const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

absl::StatusOr<ModelRegistry::ModelPointer> FindModel(
    const ModelRegistry& models, const inference::ModelInferRequest& request) {
  return models.Find(request.model_name(), request.model_version());
}

// Answers as Triton does: an error comes with the id of its request.
class ModelInferStream final
    : public InferenceStream<inference::ModelInferRequest,
                             inference::ModelStreamInferResponse> {
 public:
  ModelInferStream(const ServiceContext& context,
                   grpc::CallbackServerContext* grpc_context,
                   int max_images_per_request)
      : InferenceStream(context, grpc_context),
        max_images_per_request_(max_images_per_request) {}

 private:
  absl::Status Begin(const ExchangePointer& exchange) override {
    MOEVIT_ASSIGN_OR_RETURN(const auto model,
                            FindModel(*context().models, *exchange->request));
    exchange->record.set_model(model);
    MOEVIT_ASSIGN_OR_RETURN(TensorInference inference,
                            TensorInference::Decode(exchange->request, model,
                                                    max_images_per_request_));
    InferenceRequest request = inference.TakeRequest();
    Infer(exchange, std::move(request), absl::InfiniteDuration(),
          [inference = std::move(inference)](
              InferenceResults results,
              inference::ModelStreamInferResponse* response) {
            return inference.Respond(std::move(results),
                                     response->mutable_infer_response());
          });
    return absl::OkStatus();
  }

  void SetError(const inference::ModelInferRequest& request,
                const absl::Status& error,
                inference::ModelStreamInferResponse* response) const override {
    response->set_error_message(ToGrpcStatus(error).error_message());
    response->mutable_infer_response()->Clear();
    response->mutable_infer_response()->set_id(request.id());
  }

  const int max_images_per_request_;
};

}  // namespace

OpenInferenceService::OpenInferenceService(const ServiceContext* context,
                                           const ServingParameters& parameters,
                                           std::string server_version)
    : context_(context),
      parameters_(parameters),
      server_version_(std::move(server_version)) {
  SetMessageAllocatorFor_ModelInfer(&infer_messages_);
}

grpc::ServerUnaryReactor* OpenInferenceService::ServerLive(
    Context* context, const inference::ServerLiveRequest* /*request*/,
    inference::ServerLiveResponse* response) {
  response->set_live(true);
  return Answer(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* OpenInferenceService::ServerReady(
    Context* context, const inference::ServerReadyRequest* /*request*/,
    inference::ServerReadyResponse* response) {
  response->set_ready(server_ready_);
  return Answer(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* OpenInferenceService::ModelReady(
    Context* context, const inference::ModelReadyRequest* request,
    inference::ModelReadyResponse* response) {
  const auto model =
      context_->models->Find(request->name(), request->version());
  response->set_ready(models_ready_ && model.ok());
  return Answer(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* OpenInferenceService::ServerMetadata(
    Context* context, const inference::ServerMetadataRequest* /*request*/,
    inference::ServerMetadataResponse* response) {
  const absl::Status access =
      CheckAccess(*context_->access, Role::kInfer, *context);
  if (!access.ok()) return Answer(context, access);
  DescribeServer(server_version_, response);
  if (context_->repository->takes_orders()) {
    response->add_extensions("model_repository");
  }
  return Answer(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* OpenInferenceService::ModelMetadata(
    Context* context, const inference::ModelMetadataRequest* request,
    inference::ModelMetadataResponse* response) {
  const absl::Status access =
      CheckAccess(*context_->access, Role::kInfer, *context);
  if (!access.ok()) return Answer(context, access);
  const auto model =
      context_->models->Find(request->name(), request->version());
  if (model.ok()) {
    DescribeModel(**model, context_->models->Versions(request->name()),
                  response);
  }
  return Answer(context, model.status());
}

grpc::ServerUnaryReactor* OpenInferenceService::ModelConfig(
    Context* context, const inference::ModelConfigRequest* request,
    inference::ModelConfigResponse* response) {
  const absl::Status access =
      CheckAccess(*context_->access, Role::kInfer, *context);
  if (!access.ok()) return Answer(context, access);
  const auto model =
      context_->models->Find(request->name(), request->version());
  if (model.ok()) {
    DescribeModelConfig(**model, parameters_, response->mutable_config());
  }
  return Answer(context, model.status());
}

grpc::ServerUnaryReactor* OpenInferenceService::ModelStatistics(
    Context* context, const inference::ModelStatisticsRequest* request,
    inference::ModelStatisticsResponse* response) {
  const absl::Status access =
      CheckAccess(*context_->access, Role::kInfer, *context);
  if (!access.ok()) return Answer(context, access);
  return Answer(context,
                DescribeStatistics(*context_->models, *request, response));
}

// The protocol can tell several repositories apart; here is one, unnamed.
absl::Status OpenInferenceService::CheckRepositoryCall(
    const Context& context, const std::string& repository_name) const {
  MOEVIT_RETURN_IF_ERROR(CheckAccess(*context_->access, Role::kAdmin, context));
  if (repository_name.empty()) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat("repository_name is ", Quoted(repository_name),
                   ", but the repository has no name"));
}

grpc::ServerUnaryReactor* OpenInferenceService::RepositoryIndex(
    Context* context, const inference::RepositoryIndexRequest* request,
    inference::RepositoryIndexResponse* response) {
  const absl::Status admitted =
      CheckRepositoryCall(*context, request->repository_name());
  if (!admitted.ok()) return Answer(context, admitted);
  for (const ModelStatus& model :
       context_->repository->models().Index(request->ready())) {
    auto* entry = response->add_models();
    entry->set_name(model.name);
    entry->set_version(absl::StrCat(model.version));
    entry->set_state(ModelStateName(model.state));
    entry->set_reason(model.reason);
  }
  return Answer(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* OpenInferenceService::RepositoryModelLoad(
    Context* context, const inference::RepositoryModelLoadRequest* request,
    inference::RepositoryModelLoadResponse* /*response*/) {
  absl::Status admitted =
      CheckRepositoryCall(*context, request->repository_name());
  if (!request->parameters().empty()) {
    admitted.Update(absl::UnimplementedError(absl::StrCat(
        "a model is loaded as it is in the repository; the parameter '",
        request->parameters().begin()->first, "' is not supported")));
  }
  if (!admitted.ok()) return Answer(context, admitted);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  context_->repository->Load(request->model_name(),
                             [reactor](const absl::Status& status) {
                               reactor->Finish(ToGrpcStatus(status));
                             });
  return reactor;
}

// Parameters say what is to become of models that depend on this one. There
// are none.
grpc::ServerUnaryReactor* OpenInferenceService::RepositoryModelUnload(
    Context* context, const inference::RepositoryModelUnloadRequest* request,
    inference::RepositoryModelUnloadResponse* /*response*/) {
  const absl::Status admitted =
      CheckRepositoryCall(*context, request->repository_name());
  if (!admitted.ok()) return Answer(context, admitted);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  context_->repository->Unload(request->model_name(),
                               [reactor](const absl::Status& status) {
                                 reactor->Finish(ToGrpcStatus(status));
                               });
  return reactor;
}

grpc::ServerUnaryReactor* OpenInferenceService::ModelInfer(
    Context* context, const inference::ModelInferRequest* /*request*/,
    inference::ModelInferResponse* response) {
  return InferenceCall::Start(
      *context_, context, [&](InferenceCall& call) -> absl::Status {
        auto message = infer_messages_.RequestOf(*context);
        call.set_request_id(message->id());
        MOEVIT_ASSIGN_OR_RETURN(const auto model,
                                FindModel(*context_->models, *message));
        call.set_model(model);
        MOEVIT_ASSIGN_OR_RETURN(
            TensorInference inference,
            TensorInference::Decode(std::move(message), model,
                                    parameters_.max_images_per_request));
        InferenceRequest request = inference.TakeRequest();
        call.Infer(std::move(request), [inference = std::move(inference),
                                        response](InferenceResults results) {
          return inference.Respond(std::move(results), response);
        });
        return absl::OkStatus();
      });
}

grpc::ServerBidiReactor<inference::ModelInferRequest,
                        inference::ModelStreamInferResponse>*
OpenInferenceService::ModelStreamInfer(Context* context) {
  return ModelInferStream::Start(std::make_shared<ModelInferStream>(
      *context_, context, parameters_.max_images_per_request));
}

}  // namespace moevit
