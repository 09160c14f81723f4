// One Classify call to a server, with errors in words for a user.

#ifndef MOEVIT_CLIENT_CLASSIFY_CALL_H_
#define MOEVIT_CLIENT_CLASSIFY_CALL_H_

#include <memory>

#include "absl/status/statusor.h"
#include "client/server_connection.h"
#include "proto/moevit/v1/inference.grpc.pb.h"

namespace moevit {

// Thread-safe. Blocks for at most the timeout per call.
class ClassifyCaller {
 public:
  // Connects in the background: a server that is away shows in Call only.
  explicit ClassifyCaller(ServerConnection connection);

  // Returns an error with the code of the call's status and a message that
  // names the server; kInternal for an answer whose number of results is not
  // that of the request's images.
  absl::StatusOr<v1::ClassifyResponse> Call(const v1::ClassifyRequest& request);

 private:
  const ServerConnection connection_;
  const std::unique_ptr<v1::InferenceService::Stub> stub_;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_CLASSIFY_CALL_H_
