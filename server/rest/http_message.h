// HTTP requests and responses as the REST front end sees them, without the
// library that carries them.

#ifndef MOEVIT_SERVER_REST_HTTP_MESSAGE_H_
#define MOEVIT_SERVER_REST_HTTP_MESSAGE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace moevit {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  // "GET"
  std::string target;  // path and query, as they were sent
  HttpHeaders headers;
  std::string body;

  // Who sent it, as gRPC's peer() and ClientIdOf have it: the address,
  // "ipv4:10.0.0.7:51234", and whom fair shares are given to.
  std::string peer;
  std::string client;

  // The value of the first header of that name, in any case; empty if there is
  // none.
  absl::string_view header(absl::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (absl::EqualsIgnoreCase(key, name)) return value;
    }
    return "";
  }
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  HttpHeaders headers = {};  // others
  std::string body = {};
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_HTTP_MESSAGE_H_
