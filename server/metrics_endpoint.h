// Serves metrics over HTTP at /metrics. Where callers need a token, it is the
// password of HTTP's basic authentication, with any user name: the HTTP library
// knows no other.

#ifndef MOEVIT_SERVER_METRICS_ENDPOINT_H_
#define MOEVIT_SERVER_METRICS_ENDPOINT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "prometheus/exposer.h"
#include "server/access_control.h"
#include "server/metrics.h"

namespace moevit {

// Thread safe. Stops serving when destroyed.
class MetricsEndpoint {
 public:
  // Listens on `host`:`port`; port 0 takes any free one. Asks for a password
  // if `access` admits nobody without a token now. `metrics` and `access` must
  // outlive the endpoint. Returns kUnavailable naming the address when it
  // cannot listen.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(
      const std::string& host, int port, const Metrics& metrics,
      const AccessControl& access);

  int port() const { return port_; }

 private:
  MetricsEndpoint() = default;

  std::unique_ptr<prometheus::Exposer> exposer_;
  int port_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_METRICS_ENDPOINT_H_
