#include "server/library_log.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/stubs/common.h"
#include "grpcpp/version_info.h"
#include "server/log.h"

#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 65
#define MOEVIT_GRPC_HAS_LOG_FUNCTION
#include "grpc/support/log.h"
#endif
#if GOOGLE_PROTOBUF_VERSION < 4022000
#define MOEVIT_PROTOBUF_HAS_LOG_HANDLER
#include "google/protobuf/stubs/logging.h"
#endif

namespace moevit {
namespace {

constexpr int64_t kLines = 10;
constexpr absl::Duration kInterval = absl::Minutes(1);

[[maybe_unused]] void WarnWithin(LogLimit* limit, absl::string_view library,
                                 absl::string_view message) {
  std::string suppressed;
  if (!limit->Admit(absl::Now(), &suppressed)) return;
  LogWarning(absl::StrCat(library, ": ", message, suppressed));
}

#ifdef MOEVIT_GRPC_HAS_LOG_FUNCTION
void LogForGrpc(gpr_log_func_args* event) {
  static LogLimit limit(kLines, kInterval);
  if (event->severity != GPR_LOG_SEVERITY_ERROR) return;
  WarnWithin(&limit, "gRPC", event->message);
}
#endif

#ifdef MOEVIT_PROTOBUF_HAS_LOG_HANDLER
void LogForProtobuf(google::protobuf::LogLevel level, const char* /*file*/,
                    int /*line*/, const std::string& message) {
  static LogLimit limit(kLines, kInterval);
  if (level < google::protobuf::LOGLEVEL_ERROR) return;
  WarnWithin(&limit, "protobuf", message);
}
#endif

}  // namespace

void RouteLibraryLogs() {
#ifdef MOEVIT_GRPC_HAS_LOG_FUNCTION
  gpr_set_log_function(LogForGrpc);
#endif
#ifdef MOEVIT_PROTOBUF_HAS_LOG_HANDLER
  google::protobuf::SetLogHandler(LogForProtobuf);
#endif
}

}  // namespace moevit
