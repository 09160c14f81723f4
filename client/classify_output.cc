#include "client/classify_output.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/json.h"
#include "google/protobuf/duration.pb.h"

namespace moevit {
namespace {

double Milliseconds(const google::protobuf::Duration& duration) {
  return duration.seconds() * 1e3 + duration.nanos() * 1e-6;
}

// A file name or a message may be in any encoding; JSON is UTF-8.
std::string Serialize(const Json& json) {
  return json.dump(/*indent=*/-1, /*indent_char=*/' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace);
}

}  // namespace

std::string ClassificationToText(absl::string_view file,
                                 const v1::Classification& result) {
  std::string text(file);
  const char* separator = ": ";
  for (const v1::ScoredClass& scored : result.classes()) {
    absl::StrAppend(&text, separator, scored.label(),
                    absl::StrFormat(" %.1f%%", scored.score() * 100));
    separator = ", ";
  }
  return text;
}

std::string ClassificationToJson(absl::string_view file,
                                 const v1::ClassifyResponse& response,
                                 const v1::Classification& result) {
  Json classes = Json::array();
  for (const v1::ScoredClass& scored : result.classes()) {
    classes.push_back({{"label", scored.label()},
                       {"index", scored.index()},
                       {"score", scored.score()}});
  }
  return Serialize({{"file", std::string(file)},
                    {"model", response.model_name()},
                    {"version", response.model_version()},
                    {"classes", classes},
                    {"device", result.device()},
                    {"batch_size", result.batch_size()},
                    {"decode_ms", Milliseconds(result.timing().decode())},
                    {"queue_ms", Milliseconds(result.timing().queue())},
                    {"compute_ms", Milliseconds(result.timing().compute())}});
}

std::string ErrorToJson(absl::string_view file, const absl::Status& error) {
  return Serialize({{"file", std::string(file)},
                    {"error",
                     {{"code", absl::StatusCodeToString(error.code())},
                      {"message", std::string(error.message())}}}});
}

}  // namespace moevit
