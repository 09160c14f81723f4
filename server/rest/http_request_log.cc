#include "server/rest/http_request_log.h"

#include "server/call_metadata.h"

namespace moevit {

std::string RequestNameOf(const HttpRequest& request, absl::string_view id) {
  const absl::string_view chosen = request.header(kRequestId);
  return RequestId(chosen.empty() ? id : chosen);
}

RequestRecord DescribeRequest(const HttpRequest& request,
                              const std::string& name) {
  RequestRecord record;
  record.request_id = name;
  record.trace = ParseTraceParent(request.header("traceparent"));
  record.client = request.peer;
  return record;
}

void AddRequestName(const std::string& name, HttpResponse* response) {
  if (IsMetadataValue(name)) response->headers.emplace_back(kRequestId, name);
}

}  // namespace moevit
