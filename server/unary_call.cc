#include "server/unary_call.h"

#include "base/catch_exceptions.h"
#include "server/error_mapping.h"

namespace moevit {

grpc::ServerUnaryReactor* AnswerCall(grpc::CallbackServerContext* context,
                                     absl::FunctionRef<absl::Status()> handle) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(CatchExceptions("answer the call", handle)));
  return reactor;
}

}  // namespace moevit
