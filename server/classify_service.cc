#include "server/classify_service.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "server/call_access.h"
#include "server/error_mapping.h"
#include "server/scores.h"

namespace moevit {
namespace {

constexpr int kDefaultTopK = 5;

void SetDuration(absl::Duration duration, google::protobuf::Duration* out) {
  const timespec value = absl::ToTimespec(duration);
  out->set_seconds(value.tv_sec);
  out->set_nanos(static_cast<int32_t>(value.tv_nsec));
}

absl::StatusOr<ModelRegistry::ModelPointer> FindModel(
    const ModelRegistry& models, const v1::ClassifyRequest& request) {
  if (request.model_name().empty()) {
    return models.FindOnly(request.model_version());
  }
  return models.Find(request.model_name(), request.model_version());
}

void FillClassification(const ServedModel& model, const ImageResult& result,
                        int top_k, v1::Classification* out) {
  const std::vector<float> scores =
      Softmax(result.logits, model.model.program.logit_scale);
  for (const int index : TopIndices(result.logits, top_k)) {
    v1::ScoredClass* scored = out->add_classes();
    const std::string name = model.class_name(index);
    scored->set_index(index);
    scored->set_label(name.empty() ? absl::StrCat(index) : name);
    scored->set_score(scores[index]);
  }
  out->set_device(result.device);
  out->set_batch_size(result.batch_size);
  SetDuration(result.decode, out->mutable_timing()->mutable_decode());
  SetDuration(result.queue, out->mutable_timing()->mutable_queue());
  SetDuration(result.compute, out->mutable_timing()->mutable_compute());
}

void FillResponse(const ServedModel& model,
                  const InferencePipeline::Results& results, int top_k,
                  v1::ClassifyResponse* response) {
  response->set_model_name(model.name);
  response->set_model_version(model.version_text());
  for (const absl::StatusOr<ImageResult>& result : results) {
    v1::ImageResult* out = response->add_results();
    if (result.ok()) {
      FillClassification(model, *result, top_k, out->mutable_classification());
    } else {
      const grpc::Status error = ToGrpcStatus(result.status());
      out->mutable_error()->set_code(error.error_code());
      out->mutable_error()->set_message(error.error_message());
    }
  }
}

}  // namespace

grpc::ServerUnaryReactor* ClassifyService::Classify(
    grpc::CallbackServerContext* grpc_context,
    const v1::ClassifyRequest* request, v1::ClassifyResponse* response) {
  auto* call = new InferenceCall(*context_, *grpc_context);
  const absl::Status access =
      CheckAccess(*context_->access, Role::kInfer, *grpc_context);
  if (!access.ok()) {
    call->Complete(access);
    return call;
  }
  const auto found = FindModel(*context_->models, *request);
  if (!found.ok()) {
    call->Complete(found.status());
    return call;
  }
  call->set_model(*found);
  if (request->top_k() < 0) {
    call->Complete(absl::InvalidArgumentError(absl::StrFormat(
        "top_k is %d, it must not be negative", request->top_k())));
    return call;
  }
  if (request->timeout().seconds() < 0 || request->timeout().nanos() < 0) {
    call->Complete(absl::InvalidArgumentError("timeout must not be negative"));
    return call;
  }
  const int top_k = request->top_k() == 0 ? kDefaultTopK : request->top_k();
  std::vector<ImageInput> images;
  for (const std::string& image : request->images()) {
    images.push_back({ImageInput::Kind::kEncoded, image});
  }
  InferenceRequest inference_request = call->NewRequest(std::move(images));
  inference_request.priority = request->priority();
  inference_request.timeout = absl::Seconds(request->timeout().seconds()) +
                              absl::Nanoseconds(request->timeout().nanos());
  context_->pipeline->Run(
      std::move(inference_request),
      [call, model = *found, top_k,
       response](absl::StatusOr<InferencePipeline::Results> results) {
        if (results.ok()) FillResponse(*model, *results, top_k, response);
        call->Complete(results.status());
      });
  return call;
}

grpc::ServerUnaryReactor* ClassifyService::ListModels(
    grpc::CallbackServerContext* grpc_context,
    const v1::ListModelsRequest* /*request*/,
    v1::ListModelsResponse* response) {
  grpc::ServerUnaryReactor* reactor = grpc_context->DefaultReactor();
  const absl::Status access =
      CheckAccess(*context_->access, Role::kInfer, *grpc_context);
  if (!access.ok()) {
    reactor->Finish(ToGrpcStatus(access));
    return reactor;
  }
  for (const auto& model : context_->models->All()) {
    v1::Model* out = response->add_models();
    const ModelConfig& config = model->model.config;
    out->set_name(model->name);
    out->set_version(model->version_text());
    out->set_ready(true);
    out->set_image_size(model->model.program.image_size);
    out->set_num_classes(model->model.program.classes);
    for (const std::string& name : config.class_names) {
      out->add_class_names(name);
    }
  }
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace moevit
