#include "server/rest/http_status.h"

#include <string>

#include "nlohmann/json.hpp"
#include "server/error_mapping.h"

namespace moevit {
namespace {

constexpr int kTooManyRequests = 429;
constexpr int kServiceUnavailable = 503;
constexpr char kRetryAfterSeconds[] = "1";

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
      return kTooManyRequests;
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
  HttpResponse response;
  response.status = status;
  if (status == kTooManyRequests || status == kServiceUnavailable) {
    response.headers.emplace_back("Retry-After", kRetryAfterSeconds);
  }
  if (status == 401) {
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
  }
  // A message may quote bytes of the request.
  response.body = nlohmann::json{{"error", std::string(message)}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
  return response;
}

HttpResponse HttpError(const absl::Status& status) {
  const grpc::Status visible = ToGrpcStatus(status);
  return HttpError(HttpStatusOf(status.code()), visible.error_message());
}

}  // namespace moevit
