// Writes the answer to an inference request as HTTP has it.

#ifndef MOEVIT_SERVER_REST_INFER_RESPONSE_H_
#define MOEVIT_SERVER_REST_INFER_RESPONSE_H_

#include "proto/inference/grpc_service.pb.h"
#include "server/rest/http_message.h"

namespace moevit {

// `response` is what EncodeInferResponse made. Its output becomes a list in
// the JSON or, if `binary`, follows the JSON as it is.
HttpResponse WriteInferResponse(const inference::ModelInferResponse& response,
                                bool binary);

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_INFER_RESPONSE_H_
