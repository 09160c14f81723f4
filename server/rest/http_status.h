// The one place where errors become HTTP responses.

#ifndef MOEVIT_SERVER_REST_HTTP_STATUS_H_
#define MOEVIT_SERVER_REST_HTTP_STATUS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/rest/http_message.h"

namespace moevit {

// The HTTP status that stands for a code of gRPC.
int HttpStatusOf(absl::StatusCode code);

// {"error": message}, as the Open Inference Protocol has it. 503 says to come
// again in a second.
HttpResponse HttpError(int status, absl::string_view message);

// The same for an error that is not HTTP's own. If it says when to come again
// (base/retry_after.h), the response does, in whole seconds, rounded up.
// REQUIRES: !status.ok().
HttpResponse HttpError(const absl::Status& status);

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_HTTP_STATUS_H_
