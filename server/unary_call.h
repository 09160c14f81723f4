// Calls with one answer that is known before their handler returns.

#ifndef MOEVIT_SERVER_UNARY_CALL_H_
#define MOEVIT_SERVER_UNARY_CALL_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"

namespace moevit {

// Ends the call with what `handle` returns, or its exception becomes; `handle`
// has filled in the response then. gRPC by itself would answer an exception
// with UNIMPLEMENTED.
grpc::ServerUnaryReactor* AnswerCall(grpc::CallbackServerContext* context,
                                     absl::FunctionRef<absl::Status()> handle);

}  // namespace moevit

#endif  // MOEVIT_SERVER_UNARY_CALL_H_
