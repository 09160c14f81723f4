#include "server/rest/http_status.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/retry_after.h"
#include "nlohmann/json.hpp"
#include "server/error_mapping.h"

namespace moevit {
namespace {

constexpr int kServiceUnavailable = 503;

// Where nothing better is known.
constexpr absl::Duration kUnavailableFor = absl::Seconds(1);

HttpResponse ErrorResponse(int status, absl::string_view message,
                           std::optional<absl::Duration> retry_after) {
  HttpResponse response;
  response.status = status;
  if (retry_after.has_value()) {
    const absl::Duration rounded = absl::Ceil(*retry_after, absl::Seconds(1));
    response.headers.emplace_back("Retry-After",
                                  absl::StrCat(absl::ToInt64Seconds(rounded)));
  }
  if (status == 401) {
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
  }
  // A message may quote bytes of the request.
  response.body = nlohmann::json{{"error", std::string(message)}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
  return response;
}

}  // namespace

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kFailedPrecondition:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kCancelled:
      return 499;  // nginx's: the client went away
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return kServiceUnavailable;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

HttpResponse HttpError(int status, absl::string_view message) {
  return ErrorResponse(status, message,
                       status == kServiceUnavailable
                           ? std::optional(kUnavailableFor)
                           : std::nullopt);
}

HttpResponse HttpError(const absl::Status& status) {
  const int http_status = HttpStatusOf(status.code());
  const std::string message = ToGrpcStatus(status).error_message();
  const auto retry_after = RetryAfter(status);
  return retry_after.has_value()
             ? ErrorResponse(http_status, message, retry_after)
             : HttpError(http_status, message);
}

}  // namespace moevit
