#include "server/rest/rest_service.h"

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "proto/inference/grpc_service.pb.h"
#include "server/access_control.h"
#include "server/rest/http_status.h"
#include "server/rest/message_json.h"
#include "server/rest/rest_inference.h"

namespace moevit {
namespace {

// Probes have no tokens.
bool NeedsToken(RestEndpoint endpoint) {
  return endpoint != RestEndpoint::kServerLive &&
         endpoint != RestEndpoint::kServerReady &&
         endpoint != RestEndpoint::kModelReady;
}

HttpResponse JsonResponse(const nlohmann::json& body, int status = 200) {
  HttpResponse response;
  response.status = status;
  response.body =
      body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return response;
}

// 503 tells probes, which look at the status only.
HttpResponse ReadyResponse(bool ready) {
  return JsonResponse({{"ready", ready}}, ready ? 200 : 503);
}

}  // namespace

HttpHandler RestService::handler() {
  return {
      .refuse = [this](const HttpRequest& request) { return Refuse(request); },
      .handle =
          [this](std::shared_ptr<HttpExchange> exchange) {
            Handle(std::move(exchange));
          }};
}

absl::optional<HttpResponse> RestService::Refuse(
    const HttpRequest& request) const {
  const absl::StatusOr<RestRoute> route = ParseRoute(request.target);
  if (!route.ok()) return HttpError(route.status());
  const absl::string_view method = MethodOf(route->endpoint);
  if (request.method != method) {
    HttpResponse wrong_method =
        HttpError(405, absl::StrFormat("this address takes %s only", method));
    wrong_method.headers.emplace_back("Allow", std::string(method));
    return wrong_method;
  }
  if (NeedsToken(route->endpoint)) {
    const absl::Status access =
        context_->access->Check(Role::kInfer, request.header("Authorization"));
    if (!access.ok()) return HttpError(access);
  }
  const absl::string_view encoding = request.header("Content-Encoding");
  if (!encoding.empty() && !absl::EqualsIgnoreCase(encoding, "identity")) {
    return HttpError(415, "compressed requests are not taken");
  }
  if (absl::StartsWithIgnoreCase(request.header("Content-Type"),
                                 "multipart/")) {
    return HttpError(415,
                     "forms are not taken; the body must be the data itself");
  }
  return absl::nullopt;
}

void RestService::Handle(std::shared_ptr<HttpExchange> exchange) const {
  const absl::StatusOr<RestRoute> route =
      ParseRoute(exchange->request().target);
  if (!route.ok()) return exchange->Respond(HttpError(route.status()));
  switch (route->endpoint) {
    case RestEndpoint::kInfer:
      return InferTensors(*context_, parameters_, *route, std::move(exchange));
    case RestEndpoint::kClassify:
      return ClassifyImage(*context_, *route, std::move(exchange));
    default:
      return exchange->Respond(Describe(*route));
  }
}

HttpResponse RestService::Describe(const RestRoute& route) const {
  switch (route.endpoint) {
    case RestEndpoint::kServerLive:
      return JsonResponse({{"live", true}});
    case RestEndpoint::kServerReady:
      return ReadyResponse(server_ready_);
    case RestEndpoint::kServerMetadata: {
      inference::ServerMetadataResponse metadata;
      DescribeServer(server_version_, &metadata);
      return JsonResponse(MessageToJson(metadata));
    }
    default:
      return DescribeModels(route);
  }
}

HttpResponse RestService::DescribeModels(const RestRoute& route) const {
  if (route.endpoint == RestEndpoint::kStatistics ||
      route.endpoint == RestEndpoint::kModelStatistics) {
    inference::ModelStatisticsRequest request;
    request.set_name(route.model);
    request.set_version(route.version);
    inference::ModelStatisticsResponse statistics;
    const absl::Status described =
        DescribeStatistics(*context_->models, request, &statistics);
    if (!described.ok()) return HttpError(described);
    return JsonResponse(MessageToJson(statistics));
  }
  const auto model = context_->models->Find(route.model, route.version);
  if (!model.ok()) return HttpError(model.status());
  if (route.endpoint == RestEndpoint::kModelReady) {
    return ReadyResponse(models_ready_);
  }
  if (route.endpoint == RestEndpoint::kModelConfig) {
    inference::ModelConfig config;
    DescribeModelConfig(**model, parameters_, &config);
    return JsonResponse(MessageToJson(config));
  }
  inference::ModelMetadataResponse metadata;
  DescribeModel(**model, context_->models->Versions(route.model), &metadata);
  return JsonResponse(MessageToJson(metadata));
}

}  // namespace moevit
