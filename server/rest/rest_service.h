// The Open Inference Protocol over HTTP, and classification of plain image
// files: what is at each address, and what is answered.
//
// It knows no sockets: an HttpServer calls it.

#ifndef MOEVIT_SERVER_REST_REST_SERVICE_H_
#define MOEVIT_SERVER_REST_REST_SERVICE_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "server/inference_record.h"
#include "server/model_description.h"
#include "server/rest/http_exchange.h"
#include "server/rest/routes.h"

namespace moevit {

// Thread safe. No method blocks: answers come from executor threads.
class RestService {
 public:
  // `context` must outlive the service.
  RestService(const ServiceContext* context,
              const ServingParameters& parameters, std::string server_version)
      : context_(context),
        parameters_(parameters),
        server_version_(std::move(server_version)) {}

  // Whether the server, and a model that is there, are ready; false at first.
  void SetReady(bool server, bool models) {
    server_ready_ = server;
    models_ready_ = models;
  }

  // For an HttpServer, which the service must outlive.
  HttpHandler handler();

 private:
  absl::optional<HttpResponse> Refuse(const HttpRequest& request) const;
  absl::optional<HttpResponse> RefuseCaller(const HttpRequest& request,
                                            RestEndpoint endpoint) const;
  void Handle(std::shared_ptr<HttpExchange> exchange) const;
  void Dispatch(const RestRoute& route,
                const std::shared_ptr<HttpExchange>& exchange) const;
  HttpResponse Describe(const RestRoute& route) const;
  HttpResponse DescribeModels(const RestRoute& route) const;

  const ServiceContext* const context_;
  const ServingParameters parameters_;
  const std::string server_version_;
  std::atomic<bool> server_ready_ = false;
  std::atomic<bool> models_ready_ = false;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_REST_SERVICE_H_
