#include "server/error_mapping.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

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

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(
      static_cast<grpc::StatusCode>(VisibleCode(status.code())),
      std::string(status.message().substr(0, kMaxMessageBytes)));
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
