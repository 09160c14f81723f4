#include "server/error_mapping.h"

#include <new>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/retry_after.h"
#include "proto/google/rpc/status.pb.h"
#include "server/proto_duration.h"

namespace moevit {
namespace {

// gRPC admits 8 KiB of metadata by default, and percent encoding can make
// three bytes of one.
constexpr size_t kMaxMessageBytes = 1024;
constexpr size_t kMaxQuotedBytes = 80;

absl::StatusCode VisibleCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return absl::StatusCode::kInternal;
    default:
      return code;
  }
}

// The message in `grpc-status-details-bin`; empty when there are no details.
std::string ErrorDetails(const absl::Status& status, grpc::StatusCode code,
                         const std::string& message) {
  const auto delay = RetryAfter(status);
  if (!delay.has_value()) return "";
  google::rpc::RetryInfo retry;
  SetDuration(*delay, retry.mutable_retry_delay());
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  details.add_details()->PackFrom(retry);
  return details.SerializeAsString();
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(VisibleCode(status.code()));
  try {
    const std::string message(status.message().substr(0, kMaxMessageBytes));
    return grpc::Status(code, message, ErrorDetails(status, code, message));
  } catch (const std::bad_alloc&) {
    return grpc::Status(code, "");
  }
}

void AddRetryPushback(const absl::Status& status,
                      grpc::ServerContextBase* context) {
  const auto delay = RetryAfter(status);
  if (!delay.has_value()) return;
  context->AddTrailingMetadata("grpc-retry-pushback-ms",
                               absl::StrCat(absl::ToInt64Milliseconds(*delay)));
}

std::string GrpcCodeName(const absl::Status& status) {
  return absl::StatusCodeToString(VisibleCode(status.code()));
}

std::string Quoted(absl::string_view text) {
  const bool cut = text.size() > kMaxQuotedBytes;
  return absl::StrCat("'", absl::CHexEscape(text.substr(0, kMaxQuotedBytes)),
                      cut ? "..." : "", "'");
}

}  // namespace moevit
