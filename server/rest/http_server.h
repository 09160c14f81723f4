// An HTTP/1.1 server on Boost.Beast.
//
// Beast was chosen among what Debian packages because it alone is
// asynchronous: two threads serve every connection, a time limit holds for a
// request as a whole however slowly its bytes drip in, and a client that goes
// away is noticed while its request waits. civetweb and cpp-httplib hold a
// thread per connection; libmicrohttpd limits only silence, and does not see
// that the client of a suspended request has gone.

#ifndef MOEVIT_SERVER_REST_HTTP_SERVER_H_
#define MOEVIT_SERVER_REST_HTTP_SERVER_H_

#include <openssl/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/rest/http_exchange.h"

namespace moevit {

struct HttpServerOptions {
  std::string host = "0.0.0.0";
  int port = 8000;  // 0 takes a free one
  int threads = 2;

  // The largest body of one request, and of all requests that are in the
  // server. Default: 64 MiB and 256 MiB.
  int64_t max_body_bytes = int64_t{64} << 20;
  int64_t max_buffered_bytes = int64_t{256} << 20;

  // Connections beyond this are closed at once.
  int max_connections = 1024;

  // From the first byte of a request to its last, for a response, and for the
  // handshake of TLS.
  absl::Duration transfer_timeout = absl::Seconds(30);

  // How long a connection may be silent between requests.
  absl::Duration idle_timeout = absl::Minutes(1);

  // The TLS context of a new connection; called on any thread. Empty: none
  // speaks TLS.
  std::function<std::shared_ptr<SSL_CTX>()> tls = nullptr;
};

// Bodies are refused without being read when they are too large (413), chunked
// (411: their size must be known), or do not fit into what all requests may
// have together (503).
//
// Thread safe.
class HttpServer {
 public:
  // Returns kUnavailable naming the address when it cannot listen there.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const HttpServerOptions& options, HttpHandler handler);

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Closes every connection. Waits for the exchanges that were not answered.
  ~HttpServer();

  int port() const;

  // Takes no more connections; those there are end with their next response.
  void StopAccepting();

  // Waits until all responses were sent, or `deadline`.
  void AwaitResponses(absl::Time deadline);

 private:
  class Impl;

  explicit HttpServer(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_HTTP_SERVER_H_
