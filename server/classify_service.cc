#include "server/classify_service.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "server/call_access.h"
#include "server/classification.h"
#include "server/inference_call.h"
#include "server/inference_stream.h"
#include "server/unary_call.h"

namespace moevit {
namespace {

absl::Status BeginClassify(const ModelRegistry& models,
                           std::shared_ptr<const v1::ClassifyRequest> message,
                           v1::ClassifyResponse* response,
                           InferenceCall& call) {
  MOEVIT_ASSIGN_OR_RETURN(
      const auto model,
      FindModelOrOnly(models, message->model_name(), message->model_version()));
  call.set_model(model);
  MOEVIT_ASSIGN_OR_RETURN(const int top_k, ClassesToReturn(message->top_k()));
  InferenceRequest request;
  MOEVIT_ASSIGN_OR_RETURN(request.timeout,
                          DurationOf("timeout", message->timeout()));
  request.priority = message->priority();
  for (const std::string& image : message->images()) {
    request.images.push_back({ImageInput::Kind::kEncoded, image});
  }
  request.owner = std::move(message);
  call.Infer(std::move(request), [model, top_k,
                                  response](const InferenceResults& results) {
    response->set_model_name(model->name);
    response->set_model_version(model->version_text());
    for (const auto& result : results) {
      FillImageResult(*model, result, top_k, response->add_results());
    }
    return absl::OkStatus();
  });
  return absl::OkStatus();
}

void Describe(const ServedModel& model, v1::Model* out) {
  out->set_name(model.name);
  out->set_version(model.version_text());
  out->set_ready(true);
  out->set_image_size(model.model.program.image_size);
  out->set_num_classes(model.model.program.classes);
  for (const std::string& name : model.model.config.class_names) {
    out->add_class_names(name);
  }
}

using StreamRequest = v1::ClassifyStreamRequest;
using StreamResponse = v1::ClassifyStreamResponse;

class ClassifyStreamCall final
    : public InferenceStream<StreamRequest, StreamResponse> {
 public:
  ClassifyStreamCall(const ServiceContext& context,
                     grpc::CallbackServerContext* grpc_context)
      : InferenceStream(context, grpc_context) {}

 private:
  absl::Status Begin(const ExchangePointer& exchange) override {
    const StreamRequest& message = *exchange->request;
    MOEVIT_ASSIGN_OR_RETURN(
        const auto model,
        FindModelOrOnly(*context().models, message.model_name(),
                        message.model_version()));
    exchange->record.set_model(model);
    exchange->response.set_image_id(message.image_id());
    exchange->response.set_model_name(model->name);
    exchange->response.set_model_version(model->version_text());
    MOEVIT_ASSIGN_OR_RETURN(const int top_k, ClassesToReturn(message.top_k()));
    MOEVIT_ASSIGN_OR_RETURN(absl::Duration time_limit,
                            DurationOf("time_limit", message.time_limit()));
    if (time_limit == absl::ZeroDuration()) {
      time_limit = absl::InfiniteDuration();
    }
    InferenceRequest request;
    MOEVIT_ASSIGN_OR_RETURN(request.timeout,
                            DurationOf("timeout", message.timeout()));
    request.priority = message.priority();
    request.images = {{ImageInput::Kind::kEncoded, message.image()}};
    request.owner = exchange->request;
    Infer(exchange, std::move(request), time_limit,
          [model, top_k](const InferenceResults& results,
                         StreamResponse* response) {
            // Here the image is the request.
            if (!results.front().ok()) return results.front().status();
            FillImageResult(*model, results.front(), top_k,
                            response->mutable_result());
            return absl::OkStatus();
          });
    return absl::OkStatus();
  }

  absl::string_view IdOf(const StreamRequest& request) const override {
    return request.image_id();
  }

  void SetError(const StreamRequest& request, const absl::Status& error,
                StreamResponse* response) const override {
    response->set_image_id(request.image_id());
    FillImageError(error, response->mutable_result()->mutable_error());
  }
};

}  // namespace

ClassifyService::ClassifyService(const ServiceContext* context)
    : context_(context) {
  SetMessageAllocatorFor_Classify(&classify_messages_);
}

grpc::ServerUnaryReactor* ClassifyService::Classify(
    grpc::CallbackServerContext* grpc_context,
    const v1::ClassifyRequest* /*request*/, v1::ClassifyResponse* response) {
  return InferenceCall::Start(
      *context_, grpc_context, /*request_id=*/"", [&](InferenceCall& call) {
        return BeginClassify(*context_->models,
                             classify_messages_.RequestOf(*grpc_context),
                             response, call);
      });
}

grpc::ServerBidiReactor<v1::ClassifyStreamRequest, v1::ClassifyStreamResponse>*
ClassifyService::ClassifyStream(grpc::CallbackServerContext* grpc_context) {
  return ClassifyStreamCall::Start(
      std::make_shared<ClassifyStreamCall>(*context_, grpc_context));
}

grpc::ServerUnaryReactor* ClassifyService::ListModels(
    grpc::CallbackServerContext* grpc_context,
    const v1::ListModelsRequest* /*request*/,
    v1::ListModelsResponse* response) {
  return AnswerCall(grpc_context, [&]() -> absl::Status {
    MOEVIT_RETURN_IF_ERROR(
        CheckAccess(*context_->access, Role::kInfer, *grpc_context));
    for (const auto& model : context_->models->All()) {
      Describe(*model, response->add_models());
    }
    return absl::OkStatus();
  });
}

}  // namespace moevit
