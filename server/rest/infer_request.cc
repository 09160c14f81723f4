#include "server/rest/infer_request.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "server/error_mapping.h"
#include "server/rest/infer_json_reader.h"

namespace moevit {
namespace {

using Input = inference::ModelInferRequest::InferInputTensor;
using inference::InferParameter;

absl::StatusOr<size_t> JsonBytes(absl::string_view body,
                                 absl::string_view header_length) {
  uint64_t bytes = body.size();
  if (!header_length.empty() &&
      (!absl::SimpleAtoi(header_length, &bytes) || bytes > body.size())) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "Inference-Header-Content-Length is %s, it must be a number of bytes "
        "of the body's %d",
        Quoted(header_length), body.size()));
  }
  if (bytes > uint64_t{kMaxInferJsonBytes}) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "the request has %d bytes of JSON, the limit is %d; tensors may come "
        "as binary data",
        bytes, kMaxInferJsonBytes));
  }
  return bytes;
}

// The size that the input's data has after the JSON, -1 if it is in the JSON.
absl::StatusOr<int64_t> BinarySize(const Input& input) {
  const auto found = input.parameters().find("binary_data_size");
  if (found == input.parameters().end()) return -1;
  const InferParameter& size = found->second;
  if (size.parameter_choice_case() != InferParameter::kInt64Param ||
      size.int64_param() < 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the parameter 'binary_data_size' of input %s must be "
                        "an integer of at least 0",
                        Quoted(input.name())));
  }
  return size.int64_param();
}

absl::Status TakeBinaryData(absl::string_view data,
                            inference::ModelInferRequest& request) {
  for (const Input& input : request.inputs()) {
    MOEVIT_ASSIGN_OR_RETURN(const int64_t size, BinarySize(input));
    if (size < 0) continue;
    if (static_cast<uint64_t>(size) > data.size()) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "input %s has a 'binary_data_size' of %d where %d bytes are left",
          Quoted(input.name()), size, data.size()));
    }
    request.add_raw_input_contents(std::string(data.substr(0, size)));
    data.remove_prefix(size);
  }
  if (data.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "there are %d bytes after the last input's data", data.size()));
}

bool IsBase64(const Input& input) {
  const auto found = input.parameters().find("content_type");
  return found != input.parameters().end() &&
         found->second.string_param() == "base64";
}

absl::Status DecodeBase64(inference::ModelInferRequest& request) {
  for (Input& input : *request.mutable_inputs()) {
    if (!IsBase64(input)) continue;
    for (std::string& element :
         *input.mutable_contents()->mutable_bytes_contents()) {
      std::string decoded;
      if (!absl::Base64Unescape(element, &decoded)) {
        return absl::InvalidArgumentError(
            absl::StrFormat("input %s has an element that is not base64",
                            Quoted(input.name())));
      }
      element = std::move(decoded);
    }
  }
  return absl::OkStatus();
}

// The requested output's own wish, else that of the request.
bool WantsBinaryOutput(const inference::ModelInferRequest& request) {
  if (request.outputs_size() > 0) {
    const auto& parameters = request.outputs(0).parameters();
    const auto found = parameters.find("binary_data");
    if (found != parameters.end()) return found->second.bool_param();
  }
  const auto found = request.parameters().find("binary_data_output");
  return found != request.parameters().end() && found->second.bool_param();
}

}  // namespace

absl::StatusOr<RestInferRequest> ReadInferRequest(
    absl::string_view body, absl::string_view header_length, std::string* id) {
  MOEVIT_ASSIGN_OR_RETURN(const size_t json_bytes,
                          JsonBytes(body, header_length));
  RestInferRequest out;
  const absl::Status read =
      ReadInferJson(body.substr(0, json_bytes), &out.request);
  if (id != nullptr) *id = out.request.id();
  MOEVIT_RETURN_IF_ERROR(read);
  MOEVIT_RETURN_IF_ERROR(TakeBinaryData(body.substr(json_bytes), out.request));
  MOEVIT_RETURN_IF_ERROR(DecodeBase64(out.request));
  out.binary_output = WantsBinaryOutput(out.request);
  return out;
}

}  // namespace moevit
