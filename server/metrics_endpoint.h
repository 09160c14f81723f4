// What an operator sees over HTTP: /metrics for Prometheus, and for people a
// page at / that shows what is in /status.json.
//
// Where callers need a token, it is a bearer token, or for browsers the
// password of HTTP's basic authentication, with any user name.

#ifndef MOEVIT_SERVER_METRICS_ENDPOINT_H_
#define MOEVIT_SERVER_METRICS_ENDPOINT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/access_control.h"
#include "server/http_pages.h"
#include "server/metrics.h"

namespace moevit {

// Listens on `host`:`port`; port 0 takes any free one. `metrics` and `access`
// must outlive the pages; `status` gives the JSON document of StatusJson.
// Returns kUnavailable naming the address when it cannot listen.
absl::StatusOr<std::unique_ptr<HttpPages>> StartMetricsEndpoint(
    const std::string& host, int port, const Metrics& metrics,
    const AccessControl& access, std::function<std::string()> status);

}  // namespace moevit

#endif  // MOEVIT_SERVER_METRICS_ENDPOINT_H_
