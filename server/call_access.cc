#include "server/call_access.h"

#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "grpcpp/support/string_ref.h"
#include "server/log.h"

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

void LogRefusal(const absl::Status& refusal,
                const grpc::ServerContextBase& context) {
  static LogLimit limit(/*count=*/10, /*interval=*/absl::Minutes(1));
  std::string suppressed;
  if (!limit.Admit(absl::Now(), &suppressed)) return;
  const std::string client = context.peer();
  LogWarning(absl::StrCat("refused a caller: ", refusal.message(), suppressed),
             {{"client", client}});
}

}  // namespace

absl::Status CheckAccess(const AccessControl& access, Role role,
                         const grpc::ServerContextBase& context) {
  absl::Status status = Check(access, role, context);
  if (!status.ok()) LogRefusal(status, context);
  return status;
}

}  // namespace moevit
