// How the results of `moevit classify` are written. Pure functions.

#ifndef MOEVIT_CLIENT_CLASSIFY_OUTPUT_H_
#define MOEVIT_CLIENT_CLASSIFY_OUTPUT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/moevit/v1/inference.pb.h"

namespace moevit {

// One line for people, without a line feed:
//   ship.jpg: ship 94.1%, airplane 1.2%
std::string ClassificationToText(absl::string_view file,
                                 const v1::Classification& result);

// One line of JSON, without a line feed: {"file", "model", "version",
// "classes": [{"label", "index", "score"}], "device", "batch_size",
// "decode_ms", "queue_ms", "compute_ms"}. `response` is what `result` is from.
std::string ClassificationToJson(absl::string_view file,
                                 const v1::ClassifyResponse& response,
                                 const v1::Classification& result);

// One line of JSON, without a line feed:
// {"file", "error": {"code": "INVALID_ARGUMENT", "message"}}.
std::string ErrorToJson(absl::string_view file, const absl::Status& error);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_CLASSIFY_OUTPUT_H_
