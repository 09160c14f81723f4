// The one place where errors become gRPC status codes.

#ifndef MOEVIT_SERVER_ERROR_MAPPING_H_
#define MOEVIT_SERVER_ERROR_MAPPING_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"

namespace moevit {

// The codes of both are the same; what changes is what the caller may see:
// kUnknown and kDataLoss, which mean a fault of the server here, become
// INTERNAL, and long messages are cut so that they fit into a response's
// metadata. When to try again (base/retry_after.h) becomes a
// google.rpc.RetryInfo in the status's details. Does not throw: without memory
// for its message the status has none.
grpc::Status ToGrpcStatus(const absl::Status& status);

// Tells clients with a retry policy the same, as trailing metadata:
// "grpc-retry-pushback-ms". Does nothing if `status` does not say when to try
// again.
void AddRetryPushback(const absl::Status& status,
                      grpc::ServerContextBase* context);

// The name of the code that ToGrpcStatus gives, for example
// "INVALID_ARGUMENT"; for labels of metrics.
std::string GrpcCodeName(const absl::Status& status);

// `text` from a request, fit to be quoted in a message: in single quotes,
// escaped, and cut if it is long.
std::string Quoted(absl::string_view text);

}  // namespace moevit

#endif  // MOEVIT_SERVER_ERROR_MAPPING_H_
