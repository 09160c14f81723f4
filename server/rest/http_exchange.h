// One HTTP request that waits for its response.

#ifndef MOEVIT_SERVER_REST_HTTP_EXCHANGE_H_
#define MOEVIT_SERVER_REST_HTTP_EXCHANGE_H_

#include <functional>
#include <memory>

#include "absl/types/optional.h"
#include "server/rest/http_message.h"

namespace moevit {

// Thread-compatible, but for Respond.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  // May be moved from.
  virtual HttpRequest& request() = 0;

  // Has `gone` called, once, if the client goes away before the response. To
  // be called only by the handler, before it returns.
  virtual void OnDisconnect(std::function<void()> gone) = 0;

  // Sends the response. To be called once, on any thread; does not block.
  virtual void Respond(HttpResponse response) = 0;
};

// What an HttpServer serves. Both are called by several threads at once and
// must not block.
struct HttpHandler {
  // Called when a request's head has arrived: a response here refuses it, and
  // its body is not read.
  std::function<absl::optional<HttpResponse>(const HttpRequest&)> refuse;

  // Called with the whole request; must have it answered.
  std::function<void(std::shared_ptr<HttpExchange>)> handle;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_HTTP_EXCHANGE_H_
