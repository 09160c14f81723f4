// Serves metrics over HTTP at /metrics.

#ifndef MOEVIT_SERVER_METRICS_ENDPOINT_H_
#define MOEVIT_SERVER_METRICS_ENDPOINT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "prometheus/exposer.h"
#include "server/metrics.h"

namespace moevit {

// Thread safe. Stops serving when destroyed.
class MetricsEndpoint {
 public:
  // Listens on `host`:`port`; port 0 takes any free one. `metrics` must
  // outlive the endpoint. Returns kUnavailable naming the address when it
  // cannot listen.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(
      const std::string& host, int port, const Metrics& metrics);

  int port() const { return port_; }

 private:
  MetricsEndpoint() = default;

  std::unique_ptr<prometheus::Exposer> exposer_;
  int port_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_METRICS_ENDPOINT_H_
