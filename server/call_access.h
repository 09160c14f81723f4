// Access control for gRPC: every method that is not a health check begins with
// CheckAccess. tests/server/access_test.cc calls them all without a token.

#ifndef MOEVIT_SERVER_CALL_ACCESS_H_
#define MOEVIT_SERVER_CALL_ACCESS_H_

#include "absl/status/status.h"
#include "grpcpp/server_context.h"
#include "server/access_control.h"

namespace moevit {

// Whether the caller, by the metadata "authorization", may act as `role`;
// errors as of AccessControl::Check. Logs who is refused, but not all who are
// refused often.
absl::Status CheckAccess(const AccessControl& access, Role role,
                         const grpc::ServerContextBase& context);

}  // namespace moevit

#endif  // MOEVIT_SERVER_CALL_ACCESS_H_
