#include "server/rest/rest_repository.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/catch_exceptions.h"
#include "base/json.h"
#include "base/status_macros.h"
#include "proto/inference/grpc_service.pb.h"
#include "server/repository_api.h"
#include "server/rest/http_status.h"
#include "server/rest/message_json.h"

namespace moevit {
namespace {

constexpr char kBody[] = "the body";

absl::StatusOr<Json> ReadBody(const std::string& body) {
  if (body.empty()) return Json::object();
  MOEVIT_ASSIGN_OR_RETURN(
      Json json, ParseJson(body, kBody, {.max_bytes = size_t{64} << 10}));
  MOEVIT_RETURN_IF_ERROR(JsonObject::Root(json, kBody).status());
  return json;
}

absl::StatusOr<HttpResponse> Index(const ModelRepository& repository,
                                   const JsonObject& body) {
  inference::RepositoryIndexRequest request;
  if (body.Has("ready")) {
    MOEVIT_ASSIGN_OR_RETURN(const bool ready, body.Bool("ready"));
    request.set_ready(ready);
  }
  inference::RepositoryIndexResponse index;
  MOEVIT_RETURN_IF_ERROR(IndexRepository(repository, request, &index));
  HttpResponse response;
  response.body = MessageToJson(index)["models"].dump(
      -1, ' ', false, Json::error_handler_t::replace);
  return response;
}

// Of a load, parameters are named and refused, whatever their value.
absl::StatusOr<inference::RepositoryModelLoadRequest> LoadRequest(
    const RestRoute& route, const JsonObject& body) {
  inference::RepositoryModelLoadRequest request;
  request.set_model_name(route.model);
  if (!body.Has("parameters")) return request;
  MOEVIT_ASSIGN_OR_RETURN(const JsonObject parameters,
                          body.Object("parameters"));
  for (const auto& [name, value] : parameters.json().items()) {
    (*request.mutable_parameters())[name];
  }
  return request;
}

HttpResponse OrderResponse(const absl::Status& status) {
  if (!status.ok()) return HttpError(status);
  HttpResponse response;
  response.body = "{}";
  return response;
}

absl::Status Ask(ModelRepository& repository, const RestRoute& route,
                 const std::shared_ptr<HttpExchange>& exchange) {
  MOEVIT_ASSIGN_OR_RETURN(const Json json, ReadBody(exchange->request().body));
  MOEVIT_ASSIGN_OR_RETURN(const JsonObject body, JsonObject::Root(json, kBody));
  if (route.endpoint == RestEndpoint::kRepositoryIndex) {
    MOEVIT_ASSIGN_OR_RETURN(HttpResponse index, Index(repository, body));
    exchange->Respond(std::move(index));
    return absl::OkStatus();
  }
  ModelRepository::Done done = [exchange](const absl::Status& status) {
    IgnoreExceptions([&] { exchange->Respond(OrderResponse(status)); });
  };
  if (route.endpoint == RestEndpoint::kModelLoad) {
    MOEVIT_ASSIGN_OR_RETURN(const auto request, LoadRequest(route, body));
    return OrderLoad(repository, request, std::move(done));
  }
  inference::RepositoryModelUnloadRequest request;
  request.set_model_name(route.model);
  return OrderUnload(repository, request, std::move(done));
}

}  // namespace

void AskRepository(ModelRepository& repository, const RestRoute& route,
                   std::shared_ptr<HttpExchange> exchange) {
  const absl::Status asked = CatchExceptions(
      "ask the repository", [&] { return Ask(repository, route, exchange); });
  if (!asked.ok()) exchange->Respond(HttpError(asked));
}

}  // namespace moevit
