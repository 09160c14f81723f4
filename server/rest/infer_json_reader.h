// Reads the JSON of an inference request of the Open Inference Protocol.

#ifndef MOEVIT_SERVER_REST_INFER_JSON_READER_H_
#define MOEVIT_SERVER_REST_INFER_JSON_READER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/inference/grpc_service.pb.h"

namespace moevit {

// Makes `request` what `text` is, without a model, and with tensors as typed
// contents: integers in uint_contents, strings in bytes_contents. That these
// fit to datatype and shape is for DecodeInferRequest to check. Fields that
// the protocol does not have are ignored.
//
// Elements go into the request as they are read: memory is a small multiple of
// the text's size, and nothing recurses. Returns kInvalidArgument for text
// that is no such request, naming the field; `request` has what came before it.
// REQUIRES: *request is empty.
absl::Status ReadInferJson(absl::string_view text,
                           inference::ModelInferRequest* request);

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_INFER_JSON_READER_H_
