#include "server/call_access.h"

#include <iterator>

#include "absl/strings/string_view.h"
#include "grpcpp/support/string_ref.h"
#include "server/access_log.h"

namespace moevit {
namespace {

constexpr char kAuthorization[] = "authorization";

absl::Status Check(const AccessControl& access, Role role,
                   const grpc::ServerContextBase& context) {
  const auto [begin, end] =
      context.client_metadata().equal_range(grpc::string_ref(kAuthorization));
  if (begin == end) return access.Check(role, "");
  if (std::next(begin) != end) {
    return absl::UnauthenticatedError(
        "the call has more than one authorization");
  }
  const grpc::string_ref value = begin->second;
  return access.Check(role, absl::string_view(value.data(), value.size()));
}

}  // namespace

absl::Status CheckAccess(const AccessControl& access, Role role,
                         const grpc::ServerContextBase& context) {
  absl::Status status = Check(access, role, context);
  if (!status.ok()) LogRefusedCaller(status, context.peer());
  return status;
}

}  // namespace moevit
