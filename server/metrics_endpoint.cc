#include "server/metrics_endpoint.h"

#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prometheus/metric_family.h"
#include "prometheus/text_serializer.h"
#include "server/status_page.h"

namespace moevit {
namespace {

std::string MetricsText(const Metrics& metrics) {
  std::vector<prometheus::MetricFamily> all;
  for (const auto& collectable : metrics.collectables()) {
    std::vector<prometheus::MetricFamily> some = collectable->Collect();
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return prometheus::TextSerializer().Serialize(all);
}

// A password as the bearer token that it is; anything else as it came.
std::string AsBearer(absl::string_view authorization) {
  absl::string_view encoded = authorization;
  std::string user_and_password;
  if (!absl::ConsumePrefix(&encoded, "Basic ") ||
      !absl::Base64Unescape(encoded, &user_and_password)) {
    return std::string(authorization);
  }
  const size_t colon = user_and_password.find(':');
  if (colon == std::string::npos) return std::string(authorization);
  return absl::StrCat("Bearer ", user_and_password.substr(colon + 1));
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpPages>> StartMetricsEndpoint(
    const std::string& host, int port, const Metrics& metrics,
    const AccessControl& access, std::function<std::string()> status) {
  std::vector<HttpPage> pages;
  pages.push_back({.path = "/metrics",
                   .content_type = "text/plain; version=0.0.4; charset=utf-8",
                   .headers = {},
                   .body = [&metrics] { return MetricsText(metrics); }});
  pages.push_back({.path = "/status.json",
                   .content_type = "application/json",
                   .headers = {},
                   .body = std::move(status)});
  pages.push_back({.path = "/",
                   .content_type = "text/html; charset=utf-8",
                   .headers = {StatusPagePolicy()},
                   .body = [] { return std::string(StatusPage()); }});
  return HttpPages::Start(
      host, port, std::move(pages), [&access](absl::string_view authorization) {
        return access.Check(Role::kMetrics, AsBearer(authorization)).ok();
      });
}

}  // namespace moevit
