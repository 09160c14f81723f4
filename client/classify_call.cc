#include "client/classify_call.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/client_context.h"

namespace moevit {

ClassifyCaller::ClassifyCaller(ServerConnection connection)
    : connection_(std::move(connection)),
      stub_(v1::InferenceService::NewStub(connection_.NewChannel())) {}

absl::StatusOr<v1::ClassifyResponse> ClassifyCaller::Call(
    const v1::ClassifyRequest& request) {
  grpc::ClientContext context;
  connection_.Prepare(context);
  v1::ClassifyResponse response;
  const grpc::Status status = stub_->Classify(&context, request, &response);
  if (!status.ok()) return CallError(connection_.address(), status);
  if (response.results_size() != request.images_size()) {
    return absl::InternalError(absl::StrCat(
        connection_.address().target, " answers with ", response.results_size(),
        " results for ", request.images_size(), " images"));
  }
  return response;
}

}  // namespace moevit
