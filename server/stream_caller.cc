#include "server/stream_caller.h"

#include "server/call_metadata.h"
#include "server/client_id.h"
#include "server/inference_call.h"

namespace moevit {

StreamCaller::StreamCaller(const grpc::ServerContextBase& context)
    : client_(ClientIdOf(context)),
      peer_(context.peer()),
      call_id_(CallMetadata(context, kRequestId)),
      trace_(ParseTraceParent(CallMetadata(context, "traceparent"))),
      deadline_(DeadlineOf(context)) {}

RequestRecord StreamCaller::Describe(absl::string_view id) const {
  RequestRecord record;
  record.request_id = RequestId(id.empty() ? call_id_ : id);
  record.trace = trace_;
  record.client = peer_;
  return record;
}

}  // namespace moevit
