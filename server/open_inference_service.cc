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
#include "server/infer_request_decoder.h"
#include "server/infer_response_encoder.h"

namespace moevit {
namespace {

grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context,
                                 const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

// The protocol has no errors for single images: the first one is the request's.
absl::StatusOr<std::vector<ImageResult>> AllOrFirstError(
    absl::StatusOr<InferencePipeline::Results> results) {
  if (!results.ok()) return results.status();
  std::vector<ImageResult> all;
  all.reserve(results->size());
  for (absl::StatusOr<ImageResult>& result : *results) {
    if (!result.ok()) {
      return absl::Status(
          result.status().code(),
          absl::StrCat("image ", all.size(), ": ", result.status().message()));
    }
    all.push_back(*std::move(result));
  }
  return all;
}

}  // namespace

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
  response->set_name("moevit");
  response->set_version(server_version_);
  for (const char* extension : {"binary_tensor_data", "classification",
                                "model_configuration", "statistics"}) {
    response->add_extensions(extension);
  }
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
  std::vector<ModelRegistry::ModelPointer> models;
  if (request->name().empty()) {
    models = context_->models->All();
  } else {
    const auto model =
        context_->models->Find(request->name(), request->version());
    if (!model.ok()) return Answer(context, model.status());
    if (request->version().empty()) {
      models = context_->models->Versions(request->name());
    } else {
      models = {*model};
    }
  }
  for (const auto& model : models) {
    DescribeStatistics(*model, response->add_model_stats());
  }
  return Answer(context, absl::OkStatus());
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
    Context* context, const inference::ModelInferRequest* request,
    inference::ModelInferResponse* response) {
  auto* call = new InferenceCall(*context_, *context);
  const absl::Status access =
      CheckAccess(*context_->access, Role::kInfer, *context);
  if (!access.ok()) {
    call->Complete(access);
    return call;
  }
  call->set_request_id(request->id());
  StartInference(call, *request, response);
  return call;
}

void OpenInferenceService::StartInference(
    InferenceCall* call, const inference::ModelInferRequest& request,
    inference::ModelInferResponse* response) {
  const auto found =
      context_->models->Find(request.model_name(), request.model_version());
  if (!found.ok()) return call->Complete(found.status());
  const ModelRegistry::ModelPointer& model = *found;
  call->set_model(model);
  auto decoded = DecodeInferRequest(
      request, {.image_size = model->model.program.image_size,
                .channels = model->model.program.channels,
                .max_images = parameters_.max_images_per_request});
  if (!decoded.ok()) return call->Complete(decoded.status());

  response->set_id(request.id());
  InferenceRequest inference_request =
      call->NewRequest(std::move(decoded->images));
  inference_request.priority = decoded->priority;
  inference_request.timeout = decoded->timeout;
  context_->pipeline->Run(
      std::move(inference_request),
      // Holds the decoded request: the images may be views into it.
      [call, model, response, decoded = *std::move(decoded)](
          absl::StatusOr<InferencePipeline::Results> results) {
        const auto all = AllOrFirstError(std::move(results));
        if (all.ok()) {
          EncodeInferResponse(*model, *all, decoded.classification, response);
        }
        call->Complete(all.status());
      });
}

}  // namespace moevit
