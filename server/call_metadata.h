// What a call's metadata says of the request, apart from who sends it.

#ifndef MOEVIT_SERVER_CALL_METADATA_H_
#define MOEVIT_SERVER_CALL_METADATA_H_

#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"

namespace moevit {

// By which a caller names its request, and learns how the log names it.
inline constexpr char kRequestId[] = "x-request-id";

// The value of `key`, which must be in lower case; empty without one, or with
// more than one. Valid as long as the call.
absl::string_view CallMetadata(const grpc::ServerContextBase& context,
                               const char* key);

// Whether `text` may be the value of metadata, for which gRPC does not admit
// all bytes, and is not long.
bool IsMetadataValue(absl::string_view text);

}  // namespace moevit

#endif  // MOEVIT_SERVER_CALL_METADATA_H_
