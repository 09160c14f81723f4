#include "server/rest/rest_service.h"

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/catch_exceptions.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"
#include "proto/inference/grpc_service.pb.h"
#include "server/access_control.h"
#include "server/access_log.h"
#include "server/rest/http_status.h"
#include "server/rest/message_json.h"
#include "server/rest/rest_inference.h"
#include "server/rest/rest_repository.h"

namespace moevit {
namespace {

// As whom a caller must be admitted; nobody for probes, which have no tokens.
std::optional<Role> RoleFor(RestEndpoint endpoint) {
  switch (endpoint) {
    case RestEndpoint::kServerLive:
    case RestEndpoint::kServerReady:
    case RestEndpoint::kModelReady:
      return std::nullopt;
    case RestEndpoint::kRepositoryIndex:
    case RestEndpoint::kModelLoad:
    case RestEndpoint::kModelUnload:
      return Role::kAdmin;
    default:
      return Role::kInfer;
  }
}

bool IsInference(RestEndpoint endpoint) {
  return endpoint == RestEndpoint::kInfer ||
         endpoint == RestEndpoint::kClassify;
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
  if (auto refusal = RefuseCaller(request, route->endpoint)) return refusal;
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

absl::optional<HttpResponse> RestService::RefuseCaller(
    const HttpRequest& request, RestEndpoint endpoint) const {
  const std::optional<Role> role = RoleFor(endpoint);
  if (!role.has_value()) return absl::nullopt;
  const absl::Status access =
      context_->access->Check(*role, request.header("Authorization"));
  if (access.ok()) return absl::nullopt;
  LogRefusedCaller(access, request.peer);
  HttpResponse refusal = HttpError(access);
  if (IsInference(endpoint)) {
    RecordRefusal(*context_, request, access, &refusal);
  }
  return refusal;
}

void RestService::Handle(std::shared_ptr<HttpExchange> exchange) const {
  const absl::Status handled =
      CatchExceptions("handle the request", [&]() -> absl::Status {
        MOEVIT_ASSIGN_OR_RETURN(const RestRoute route,
                                ParseRoute(exchange->request().target));
        Dispatch(route, exchange);
        return absl::OkStatus();
      });
  if (!handled.ok()) exchange->Respond(HttpError(handled));
}

void RestService::Dispatch(
    const RestRoute& route,
    const std::shared_ptr<HttpExchange>& exchange) const {
  switch (route.endpoint) {
    case RestEndpoint::kInfer:
      return InferTensors(*context_, parameters_, route, exchange);
    case RestEndpoint::kClassify:
      return ClassifyImage(*context_, route, exchange);
    case RestEndpoint::kRepositoryIndex:
    case RestEndpoint::kModelLoad:
    case RestEndpoint::kModelUnload:
      return AskRepository(*context_->repository, route, exchange);
    default:
      return exchange->Respond(Describe(route));
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
      DescribeServer(server_version_, context_->repository->takes_orders(),
                     &metadata);
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
