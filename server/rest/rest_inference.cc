#include "server/rest/rest_inference.h"

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/catch_exceptions.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"
#include "proto/inference/grpc_service.pb.h"
#include "proto/moevit/v1/inference.pb.h"
#include "server/classification.h"
#include "server/error_mapping.h"
#include "server/inference_request.h"
#include "server/rest/http_request_log.h"
#include "server/rest/http_status.h"
#include "server/rest/infer_request.h"
#include "server/rest/infer_response.h"
#include "server/rest/message_json.h"
#include "server/tensor_inference.h"

namespace moevit {
namespace {

// One request, from its arrival to its answer.
class RestInference {
 public:
  using Respond = std::function<absl::StatusOr<HttpResponse>(InferenceResults)>;

  RestInference(const ServiceContext& context,
                std::shared_ptr<HttpExchange> exchange)
      : context_(context),
        exchange_(std::move(exchange)),
        cancellation_(std::make_shared<Cancellation>()),
        record_(context) {}

  HttpRequest& http() { return exchange_->request(); }

  // What the request says it is called, once that is known.
  std::string* id() { return &id_; }

  absl::StatusOr<ModelRegistry::ModelPointer> FindModel(
      const RestRoute& route) {
    MOEVIT_ASSIGN_OR_RETURN(auto model,
                            context_.models->Find(route.model, route.version));
    record_.set_model(model);
    return model;
  }

  // Runs `request`, whose images and owner are set, and answers with what
  // `respond` makes of its results.
  static void Run(std::shared_ptr<RestInference> self, InferenceRequest request,
                  Respond respond) {
    request.model = self->record_.model();
    request.client = self->http().client;
    request.deadline = self->record_.DeadlineFor(absl::InfiniteFuture());
    request.cancellation = self->cancellation_;
    self->exchange_->OnDisconnect(
        [cancellation = self->cancellation_, &context = self->context_] {
          cancellation->Cancel();
          context.pipeline->RemoveCancelled();
        });
    InferencePipeline& pipeline = *self->context_.pipeline;
    pipeline.Run(std::move(request),
                 [self = std::move(self), respond = std::move(respond)](
                     absl::StatusOr<InferenceResults> results) {
                   self->Finish(std::move(results), respond);
                 });
  }

  // Does not throw: an answer for which there is no memory is lost.
  void Answer(absl::StatusOr<HttpResponse> response) {
    IgnoreExceptions([&] {
      const std::string name = RequestNameOf(http(), id_);
      record_.SetOutcome(response.status(),
                         [&] { return DescribeRequest(http(), name); });
      if (!response.ok()) {
        response = HttpError(response.status());
        AddRequestName(name, &*response);
      }
      exchange_->Respond(*std::move(response));
    });
  }

 private:
  void Finish(absl::StatusOr<InferenceResults> results,
              const Respond& respond) {
    if (!results.ok()) return Answer(results.status());
    Answer(CatchExceptions("write the answer",
                           [&] { return respond(*std::move(results)); }));
  }

  const ServiceContext& context_;
  const std::shared_ptr<HttpExchange> exchange_;
  const std::shared_ptr<Cancellation> cancellation_;
  InferenceRecord record_;
  std::string id_;
};

// Has `begin` start the inference, and answers if it cannot.
void Start(
    const ServiceContext& context, std::shared_ptr<HttpExchange> exchange,
    const std::function<absl::Status(const std::shared_ptr<RestInference>&)>&
        begin) {
  const auto inference =
      std::make_shared<RestInference>(context, std::move(exchange));
  const absl::Status begun =
      CatchExceptions("handle the request", [&] { return begin(inference); });
  if (!begun.ok()) inference->Answer(begun);
}

absl::StatusOr<int> TopK(const RestRoute& route) {
  const auto given = route.query.find("top_k");
  if (given == route.query.end()) return ClassesToReturn(0);
  int32_t top_k = 0;
  if (!absl::SimpleAtoi(given->second, &top_k)) {
    return absl::InvalidArgumentError(
        absl::StrCat("top_k is ", Quoted(given->second),
                     ", it must be a number of classes"));
  }
  return ClassesToReturn(top_k);
}

// `result` as the answer to its request.
absl::StatusOr<HttpResponse> WriteClassification(
    const ServedModel& model, const absl::StatusOr<ImageResult>& result,
    int top_k) {
  if (!result.ok()) return result.status();
  v1::ImageResult message;
  FillImageResult(model, result, top_k, &message);
  nlohmann::json body = MessageToJson(message.classification());
  body["model_name"] = model.name;
  body["model_version"] = model.version_text();
  HttpResponse response;
  response.body =
      body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return response;
}

}  // namespace

void RecordRefusal(const ServiceContext& context, const HttpRequest& request,
                   const absl::Status& refusal, HttpResponse* response) {
  const std::string name = RequestNameOf(request, /*id=*/"");
  InferenceRecord(context).SetOutcome(
      refusal, [&] { return DescribeRequest(request, name); });
  AddRequestName(name, response);
}

void InferTensors(const ServiceContext& context,
                  const ServingParameters& parameters, const RestRoute& route,
                  std::shared_ptr<HttpExchange> exchange) {
  Start(context, std::move(exchange),
        [&](const std::shared_ptr<RestInference>& rest) -> absl::Status {
          // First, so that whatever is wrong, the log names the request.
          MOEVIT_ASSIGN_OR_RETURN(
              RestInferRequest read,
              ReadInferRequest(
                  rest->http().body,
                  rest->http().header("Inference-Header-Content-Length"),
                  rest->id()));
          rest->http().body = std::string();
          MOEVIT_ASSIGN_OR_RETURN(auto model, rest->FindModel(route));
          MOEVIT_ASSIGN_OR_RETURN(
              TensorInference inference,
              TensorInference::Decode(
                  std::make_shared<const inference::ModelInferRequest>(
                      std::move(read.request)),
                  std::move(model), parameters.max_images_per_request));
          InferenceRequest request = inference.TakeRequest();
          RestInference::Run(
              rest, std::move(request),
              [inference = std::move(inference), binary = read.binary_output](
                  InferenceResults results) -> absl::StatusOr<HttpResponse> {
                inference::ModelInferResponse response;
                MOEVIT_RETURN_IF_ERROR(
                    inference.Respond(std::move(results), &response));
                return WriteInferResponse(response, binary);
              });
          return absl::OkStatus();
        });
}

void ClassifyImage(const ServiceContext& context, const RestRoute& route,
                   std::shared_ptr<HttpExchange> exchange) {
  Start(context, std::move(exchange),
        [&](const std::shared_ptr<RestInference>& rest) -> absl::Status {
          MOEVIT_ASSIGN_OR_RETURN(const auto model, rest->FindModel(route));
          MOEVIT_ASSIGN_OR_RETURN(const int top_k, TopK(route));
          const auto image =
              std::make_shared<const std::string>(std::move(rest->http().body));
          InferenceRequest request;
          request.images = {{ImageInput::Kind::kEncoded, *image}};
          request.owner = image;
          RestInference::Run(rest, std::move(request),
                             [model, top_k](const InferenceResults& results) {
                               return WriteClassification(*model, results.at(0),
                                                          top_k);
                             });
          return absl::OkStatus();
        });
}

}  // namespace moevit
