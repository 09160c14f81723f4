#include "client/classify_call.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"

namespace moevit {
namespace {

absl::Status InWords(const grpc::Status& status, const ServerAddress& address) {
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  std::string message;
  switch (code) {
    case absl::StatusCode::kUnavailable:
      message = absl::StrCat("no service from ", address.target, ": ",
                             status.error_message(),
                             "; is moevit-server running there?");
      break;
    case absl::StatusCode::kDeadlineExceeded:
      message = absl::StrCat("no answer from ", address.target, " within ",
                             absl::FormatDuration(address.timeout));
      break;
    default:
      message = absl::StrCat(address.target, " answers ",
                             absl::StatusCodeToString(code), ": ",
                             status.error_message());
  }
  return absl::Status(code, message);
}

}  // namespace

ClassifyCaller::ClassifyCaller(ServerConnection connection)
    : connection_(std::move(connection)),
      stub_(v1::InferenceService::NewStub(connection_.NewChannel())) {}

absl::StatusOr<v1::ClassifyResponse> ClassifyCaller::Call(
    const v1::ClassifyRequest& request) {
  grpc::ClientContext context;
  connection_.Prepare(context);
  v1::ClassifyResponse response;
  const grpc::Status status = stub_->Classify(&context, request, &response);
  if (!status.ok()) return InWords(status, connection_.address());
  if (response.results_size() != request.images_size()) {
    return absl::InternalError(absl::StrCat(
        connection_.address().target, " answers with ", response.results_size(),
        " results for ", request.images_size(), " images"));
  }
  return response;
}

}  // namespace moevit
