#include "server/open_inference_service.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/catch_exceptions.h"
#include "base/status_macros.h"
#include "server/call_access.h"
#include "server/error_mapping.h"
#include "server/inference_call.h"
#include "server/inference_stream.h"
#include "server/repository_api.h"
#include "server/tensor_inference.h"
#include "server/unary_call.h"

namespace moevit {
namespace {

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

  absl::string_view IdOf(
      const inference::ModelInferRequest& request) const override {
    return request.id();
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
  return AnswerCall(context, [&] {
    response->set_live(true);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* OpenInferenceService::ServerReady(
    Context* context, const inference::ServerReadyRequest* /*request*/,
    inference::ServerReadyResponse* response) {
  return AnswerCall(context, [&] {
    response->set_ready(server_ready_);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* OpenInferenceService::ModelReady(
    Context* context, const inference::ModelReadyRequest* request,
    inference::ModelReadyResponse* response) {
  return AnswerCall(context, [&] {
    const auto model =
        context_->models->Find(request->name(), request->version());
    response->set_ready(models_ready_ && model.ok());
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* OpenInferenceService::AnswerAs(
    Role role, Context* context,
    absl::FunctionRef<absl::Status()> handle) const {
  return AnswerCall(context, [&]() -> absl::Status {
    MOEVIT_RETURN_IF_ERROR(CheckAccess(*context_->access, role, *context));
    return handle();
  });
}

grpc::ServerUnaryReactor* OpenInferenceService::ServerMetadata(
    Context* context, const inference::ServerMetadataRequest* /*request*/,
    inference::ServerMetadataResponse* response) {
  return AnswerAs(Role::kInfer, context, [&] {
    DescribeServer(server_version_, context_->repository->takes_orders(),
                   response);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* OpenInferenceService::ModelMetadata(
    Context* context, const inference::ModelMetadataRequest* request,
    inference::ModelMetadataResponse* response) {
  return AnswerAs(Role::kInfer, context, [&]() -> absl::Status {
    MOEVIT_ASSIGN_OR_RETURN(
        const auto model,
        context_->models->Find(request->name(), request->version()));
    DescribeModel(*model, context_->models->Versions(request->name()),
                  response);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* OpenInferenceService::ModelConfig(
    Context* context, const inference::ModelConfigRequest* request,
    inference::ModelConfigResponse* response) {
  return AnswerAs(Role::kInfer, context, [&]() -> absl::Status {
    MOEVIT_ASSIGN_OR_RETURN(
        const auto model,
        context_->models->Find(request->name(), request->version()));
    DescribeModelConfig(*model, parameters_, response->mutable_config());
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* OpenInferenceService::ModelStatistics(
    Context* context, const inference::ModelStatisticsRequest* request,
    inference::ModelStatisticsResponse* response) {
  return AnswerAs(Role::kInfer, context, [&] {
    return DescribeStatistics(*context_->models, *request, response);
  });
}

grpc::ServerUnaryReactor* OpenInferenceService::RepositoryIndex(
    Context* context, const inference::RepositoryIndexRequest* request,
    inference::RepositoryIndexResponse* response) {
  return AnswerAs(Role::kAdmin, context, [&] {
    return IndexRepository(*context_->repository, *request, response);
  });
}

grpc::ServerUnaryReactor* OpenInferenceService::Order(
    Context* context,
    absl::FunctionRef<absl::Status(ModelRepository::Done)> give) const {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::Status given =
      CatchExceptions("take the order", [&]() -> absl::Status {
        MOEVIT_RETURN_IF_ERROR(
            CheckAccess(*context_->access, Role::kAdmin, *context));
        return give([reactor](const absl::Status& status) {
          reactor->Finish(ToGrpcStatus(status));
        });
      });
  if (!given.ok()) reactor->Finish(ToGrpcStatus(given));
  return reactor;
}

grpc::ServerUnaryReactor* OpenInferenceService::RepositoryModelLoad(
    Context* context, const inference::RepositoryModelLoadRequest* request,
    inference::RepositoryModelLoadResponse* /*response*/) {
  return Order(context, [&](ModelRepository::Done done) {
    return OrderLoad(*context_->repository, *request, std::move(done));
  });
}

grpc::ServerUnaryReactor* OpenInferenceService::RepositoryModelUnload(
    Context* context, const inference::RepositoryModelUnloadRequest* request,
    inference::RepositoryModelUnloadResponse* /*response*/) {
  return Order(context, [&](ModelRepository::Done done) {
    return OrderUnload(*context_->repository, *request, std::move(done));
  });
}

grpc::ServerUnaryReactor* OpenInferenceService::ModelInfer(
    Context* context, const inference::ModelInferRequest* request,
    inference::ModelInferResponse* response) {
  return InferenceCall::Start(
      *context_, context, request->id(),
      [&](InferenceCall& call) -> absl::Status {
        auto message = infer_messages_.RequestOf(*context);
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
