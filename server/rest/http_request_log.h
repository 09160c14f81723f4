// What the log says of a request over HTTP.

#ifndef MOEVIT_SERVER_REST_HTTP_REQUEST_LOG_H_
#define MOEVIT_SERVER_REST_HTTP_REQUEST_LOG_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/access_log.h"
#include "server/rest/http_message.h"

namespace moevit {

// By the header X-Request-Id, `id`, what its body says, or a new name.
std::string RequestNameOf(const HttpRequest& request, absl::string_view id);

// The request under that name, without its model and duration.
RequestRecord DescribeRequest(const HttpRequest& request,
                              const std::string& name);

// Tells the client of a failed request its name.
void AddRequestName(const std::string& name, HttpResponse* response);

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_HTTP_REQUEST_LOG_H_
