#include "server/grpc_log.h"

#include "grpcpp/version_info.h"

#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 65

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpc/support/log.h"
#include "server/log.h"

namespace moevit {
namespace {

void LogForGrpc(gpr_log_func_args* event) {
  static LogLimit limit(/*count=*/10, /*interval=*/absl::Minutes(1));
  std::string suppressed;
  if (event->severity != GPR_LOG_SEVERITY_ERROR) return;
  if (!limit.Admit(absl::Now(), &suppressed)) return;
  LogWarning(absl::StrCat("gRPC: ", event->message, suppressed));
}

}  // namespace

void RouteGrpcLog() { gpr_set_log_function(LogForGrpc); }

}  // namespace moevit

#else

namespace moevit {

void RouteGrpcLog() {}

}  // namespace moevit

#endif
