// A few pages over HTTP, made anew for each GET: what an operator's tools and
// browser read. Not for requests from clients.

#ifndef MOEVIT_SERVER_HTTP_PAGES_H_
#define MOEVIT_SERVER_HTTP_PAGES_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

class CivetServer;

namespace moevit {

struct HttpPage {
  std::string path;  // the whole of it, as "/metrics"
  std::string content_type;
  // More headers, each "Name: value".
  std::vector<std::string> headers;
  // Called on any of the server's threads, perhaps on two at a time.
  std::function<std::string()> body;
};

// Thread safe. Stops serving when destroyed.
class HttpPages {
 public:
  // Whether a caller that sent `authorization`, empty for none, is let in.
  using Admit = std::function<bool(absl::string_view authorization)>;

  // Listens on `host`:`port`; port 0 takes any free one. Whoever `admit`
  // refuses is asked for a password (401); every other path is 404, every
  // method but GET and HEAD 405. Returns kUnavailable naming the address when
  // it cannot listen.
  static absl::StatusOr<std::unique_ptr<HttpPages>> Start(
      const std::string& host, int port, std::vector<HttpPage> pages,
      Admit admit);

  ~HttpPages();

  int port() const;

 private:
  class Handler;

  explicit HttpPages(Admit admit);

  const Admit admit_;
  // The server uses the handlers until it is gone.
  std::vector<std::unique_ptr<Handler>> handlers_;
  std::unique_ptr<CivetServer> server_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_HTTP_PAGES_H_
