#include "server/rest/infer_response.h"

#include <bit>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "server/little_endian.h"

namespace moevit {
namespace {

using nlohmann::json;

constexpr size_t kWord = 4;

json FloatsOf(absl::string_view raw) {
  json list = json::array();
  for (; !raw.empty(); raw.remove_prefix(kWord)) {
    list.push_back(std::bit_cast<float>(LoadLittleEndian32(raw)));
  }
  return list;
}

json BytesOf(absl::string_view raw) {
  json list = json::array();
  while (!raw.empty()) {
    const uint32_t length = LoadLittleEndian32(raw);
    list.push_back(std::string(raw.substr(kWord, length)));
    raw.remove_prefix(kWord + length);
  }
  return list;
}

}  // namespace

HttpResponse WriteInferResponse(const inference::ModelInferResponse& response,
                                bool binary) {
  json head = {{"model_name", response.model_name()},
               {"model_version", response.model_version()}};
  if (!response.id().empty()) head["id"] = response.id();
  std::string tail;
  for (int i = 0; i < response.outputs_size(); ++i) {
    const auto& output = response.outputs(i);
    const std::string& raw = response.raw_output_contents(i);
    json& out = head["outputs"].emplace_back();
    out["name"] = output.name();
    out["datatype"] = output.datatype();
    out["shape"] = output.shape();
    if (binary) {
      out["parameters"]["binary_data_size"] = raw.size();
      tail += raw;
    } else {
      out["data"] = output.datatype() == "BYTES" ? BytesOf(raw) : FloatsOf(raw);
    }
  }
  HttpResponse http;
  // An id is what the client sent.
  http.body = head.dump(-1, ' ', false, json::error_handler_t::replace);
  if (binary) {
    http.content_type = "application/octet-stream";
    http.headers.emplace_back("Inference-Header-Content-Length",
                              absl::StrCat(http.body.size()));
    http.body += tail;
  }
  return http;
}

}  // namespace moevit
