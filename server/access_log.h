// Lines in the log for requests that ended: for those that the server failed,
// and for as many of the others as the operator wants.

#ifndef MOEVIT_SERVER_ACCESS_LOG_H_
#define MOEVIT_SERVER_ACCESS_LOG_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/log.h"
#include "server/traceparent.h"

namespace moevit {

struct RequestRecord {
  std::string request_id;
  std::optional<TraceParent> trace;
  std::string client;  // its address
  std::string model;   // empty if none was found
  std::string version;
  absl::Duration duration;
};

// Thread safe.
class AccessLog {
 public:
  // Logs the fraction `sampling` of all requests, evenly: 0 none, 1 all.
  // REQUIRES: 0 <= sampling <= 1.
  explicit AccessLog(double sampling) : sampling_(sampling) {}

  // Logs a request that ended with `status`, if it is to be logged; calls
  // `describe` only then. Faults of the server (kInternal, kUnknown, kDataLoss)
  // are logged as errors whatever the sampling, but not without a limit.
  void Record(const absl::Status& status,
              absl::FunctionRef<RequestRecord()> describe);

 private:
  bool IsSampled();

  const double sampling_;
  std::atomic<int64_t> requests_ = 0;
  LogLimit faults_{/*count=*/10, /*interval=*/absl::Minutes(1)};
};

// Says in the log that a caller at `client` was refused for want of a token or
// a role; not of all who are refused often.
void LogRefusedCaller(const absl::Status& refusal, absl::string_view client);

// The name of a request: `chosen`, what its client calls it, unless that is
// empty; then a new one, which no other request has.
std::string RequestId(absl::string_view chosen);

}  // namespace moevit

#endif  // MOEVIT_SERVER_ACCESS_LOG_H_
