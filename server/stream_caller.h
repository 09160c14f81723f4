// Who opened a stream, for the requests on it.

#ifndef MOEVIT_SERVER_STREAM_CALLER_H_
#define MOEVIT_SERVER_STREAM_CALLER_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "server/access_log.h"
#include "server/traceparent.h"

namespace moevit {

// Immutable.
class StreamCaller {
 public:
  explicit StreamCaller(const grpc::ServerContextBase& context);

  // By ClientIdOf.
  const std::string& client() const { return client_; }

  // Of the call.
  absl::Time deadline() const { return deadline_; }

  // One of its requests, for the log. It is named by its own `id`; without one
  // by what the caller calls the stream, or anew.
  RequestRecord Describe(absl::string_view id) const;

 private:
  const std::string client_;
  const std::string peer_;     // its address
  const std::string call_id_;  // what it calls the stream; empty if nothing
  const std::optional<TraceParent> trace_;
  const absl::Time deadline_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_STREAM_CALLER_H_
