#include "server/metrics_endpoint.h"

#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace moevit {
namespace {

// A scraper or two and someone looking by hand.
constexpr size_t kHttpThreads = 2;

constexpr char kPath[] = "/metrics";
constexpr char kRealm[] = "moevit metrics";

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Start(
    const std::string& host, int port, const Metrics& metrics,
    const AccessControl& access) {
  const std::string address = absl::StrFormat("%s:%d", host, port);
  std::unique_ptr<MetricsEndpoint> endpoint(new MetricsEndpoint);
  // The HTTP library reports everything by exceptions; they end here.
  try {
    endpoint->exposer_ =
        std::make_unique<prometheus::Exposer>(address, kHttpThreads);
    if (!access.Check(Role::kMetrics, /*authorization=*/"").ok()) {
      endpoint->exposer_->RegisterAuth(
          [&access](const std::string& /*user*/, const std::string& password) {
            return access
                .Check(Role::kMetrics, absl::StrCat("Bearer ", password))
                .ok();
          },
          kRealm, kPath);
    }
    for (const auto& collectable : metrics.collectables()) {
      endpoint->exposer_->RegisterCollectable(collectable, kPath);
    }
    endpoint->port_ = endpoint->exposer_->GetListeningPorts().at(0);
  } catch (const std::exception&) {
    return absl::UnavailableError(absl::StrFormat(
        "cannot serve metrics on %s: is the address right, and is the port "
        "free?",
        address));
  }
  return endpoint;
}

}  // namespace moevit
