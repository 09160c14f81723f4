#include "server/rest/infer_json_reader.h"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/error_mapping.h"

namespace moevit {
namespace {

using Request = inference::ModelInferRequest;
using Parameters =
    google::protobuf::Map<std::string, inference::InferParameter>;

constexpr size_t kMaxDepth = 32;

// nlohmann's parser calls a method for each part of the text, in its order; one
// that returns false ends the parsing.
class Reader {
 public:
  explicit Reader(Request* request) : request_(*request) {}

  const absl::Status& status() const { return status_; }

  bool null() { return IsIgnored() || Unexpected("null"); }
  bool boolean(bool value);
  bool number_integer(int64_t value);
  bool number_unsigned(uint64_t value);
  bool number_float(double value, const std::string& text);
  bool string(std::string& value);
  bool binary(nlohmann::json::binary_t& /*value*/) {
    return Unexpected("binary");
  }
  bool start_object(size_t /*size*/) { return Open(ObjectHere(), "an object"); }
  bool start_array(size_t /*size*/) { return Open(ArrayHere(), "an array"); }
  bool key(std::string& key) {
    key_ = std::move(key);
    return true;
  }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }
  bool parse_error(size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& error);

 private:
  // What an object or an array is.
  enum class Scope {
    kRequest,
    kInputs,
    kInput,
    kShape,
    kData,
    kOutputs,
    kOutput,
    kParameters,
    kIgnored,
    kUnexpected,  // never on the stack
  };

  bool In(Scope scope) const {
    return !scopes_.empty() && scopes_.back() == scope;
  }
  bool HasField(absl::string_view field) const;
  bool IsIgnored() const;
  Scope ObjectHere();
  Scope ArrayHere() const;
  bool Open(Scope scope, absl::string_view what);
  bool Close();
  bool Integer(int64_t value);
  inference::InferParameter& Parameter() { return (*parameters_)[key_]; }
  Request::InferInputTensor& Input() {
    return *request_.mutable_inputs(request_.inputs_size() - 1);
  }
  Request::InferRequestedOutputTensor& Output() {
    return *request_.mutable_outputs(request_.outputs_size() - 1);
  }
  std::string Where() const;
  bool Unexpected(absl::string_view what);

  Request& request_;
  std::vector<Scope> scopes_;
  std::string key_;  // of the innermost object, the last
  Parameters* parameters_ = nullptr;
  absl::Status status_;
};

// Whether the current object has `field` in this protocol.
bool Reader::HasField(absl::string_view field) const {
  const auto is = [&](std::initializer_list<absl::string_view> names) {
    for (const absl::string_view name : names) {
      if (name == field) return true;
    }
    return false;
  };
  if (In(Scope::kRequest)) {
    return is({"id", "parameters", "inputs", "outputs"});
  }
  if (In(Scope::kInput)) {
    return is({"name", "shape", "datatype", "parameters", "data"});
  }
  return !In(Scope::kOutput) || is({"name", "parameters"});
}

bool Reader::IsIgnored() const {
  return In(Scope::kIgnored) || (!scopes_.empty() && !HasField(key_));
}

Reader::Scope Reader::ObjectHere() {
  if (scopes_.empty()) return Scope::kRequest;
  switch (scopes_.back()) {
    case Scope::kInputs:
      request_.add_inputs();
      return Scope::kInput;
    case Scope::kOutputs:
      request_.add_outputs();
      return Scope::kOutput;
    case Scope::kRequest:
      parameters_ = request_.mutable_parameters();
      break;
    case Scope::kInput:
      parameters_ = Input().mutable_parameters();
      break;
    case Scope::kOutput:
      parameters_ = Output().mutable_parameters();
      break;
    default:
      return IsIgnored() ? Scope::kIgnored : Scope::kUnexpected;
  }
  if (key_ == "parameters") return Scope::kParameters;
  return IsIgnored() ? Scope::kIgnored : Scope::kUnexpected;
}

Reader::Scope Reader::ArrayHere() const {
  if (In(Scope::kRequest) && key_ == "inputs") return Scope::kInputs;
  if (In(Scope::kRequest) && key_ == "outputs") return Scope::kOutputs;
  if (In(Scope::kInput) && key_ == "shape") return Scope::kShape;
  if (In(Scope::kInput) && key_ == "data") return Scope::kData;
  // Data may be nested like its shape; elements come in the same order.
  if (In(Scope::kData)) return Scope::kData;
  return IsIgnored() ? Scope::kIgnored : Scope::kUnexpected;
}

bool Reader::Open(Scope scope, absl::string_view what) {
  if (scope == Scope::kUnexpected) return Unexpected(what);
  if (scopes_.size() == kMaxDepth) {
    status_ = absl::InvalidArgumentError(
        absl::StrCat("the JSON nests deeper than ", kMaxDepth));
    return false;
  }
  scopes_.push_back(scope);
  return true;
}

bool Reader::Close() {
  scopes_.pop_back();
  return true;
}

bool Reader::boolean(bool value) {
  if (In(Scope::kParameters)) {
    Parameter().set_bool_param(value);
    return true;
  }
  return IsIgnored() || Unexpected("a boolean");
}

bool Reader::Integer(int64_t value) {
  if (In(Scope::kParameters)) {
    Parameter().set_int64_param(value);
    return true;
  }
  if (In(Scope::kShape)) {
    Input().add_shape(value);
    return true;
  }
  if (In(Scope::kData) && value >= 0 &&
      value <= std::numeric_limits<uint32_t>::max()) {
    Input().mutable_contents()->add_uint_contents(static_cast<uint32_t>(value));
    return true;
  }
  return IsIgnored() || Unexpected(absl::StrCat(value));
}

bool Reader::number_integer(int64_t value) { return Integer(value); }

bool Reader::number_unsigned(uint64_t value) {
  if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return Integer(static_cast<int64_t>(value));
  }
  if (In(Scope::kParameters)) {
    Parameter().set_uint64_param(value);
    return true;
  }
  return IsIgnored() || Unexpected(absl::StrCat(value));
}

bool Reader::number_float(double value, const std::string& text) {
  if (In(Scope::kParameters)) {
    Parameter().set_double_param(value);
    return true;
  }
  return IsIgnored() || Unexpected(text);
}

bool Reader::string(std::string& value) {
  if (In(Scope::kParameters)) {
    Parameter().set_string_param(std::move(value));
  } else if (In(Scope::kData)) {
    Input().mutable_contents()->add_bytes_contents(std::move(value));
  } else if (In(Scope::kRequest) && key_ == "id") {
    request_.set_id(std::move(value));
  } else if (In(Scope::kInput) && key_ == "name") {
    Input().set_name(std::move(value));
  } else if (In(Scope::kInput) && key_ == "datatype") {
    Input().set_datatype(std::move(value));
  } else if (In(Scope::kOutput) && key_ == "name") {
    Output().set_name(std::move(value));
  } else {
    return IsIgnored() || Unexpected("a string");
  }
  return true;
}

bool Reader::parse_error(size_t position, const std::string& /*token*/,
                         const nlohmann::json::exception& /*error*/) {
  status_ = absl::InvalidArgumentError(absl::StrCat(
      "the request is not JSON, or ends too early: byte ", position));
  return false;
}

std::string Reader::Where() const {
  if (scopes_.empty()) return "the request";
  switch (scopes_.back()) {
    case Scope::kRequest:
      return Quoted(key_);
    case Scope::kInputs:
    case Scope::kInput:
    case Scope::kShape:
    case Scope::kData:
      return absl::StrCat("'inputs', ", Quoted(key_));
    case Scope::kOutputs:
    case Scope::kOutput:
      return absl::StrCat("'outputs', ", Quoted(key_));
    default:
      return absl::StrCat("'parameters', ", Quoted(key_));
  }
}

bool Reader::Unexpected(absl::string_view what) {
  status_ = absl::InvalidArgumentError(
      absl::StrCat("in the request's JSON, ", Where(), " must not be ", what));
  return false;
}

}  // namespace

absl::Status ReadInferJson(absl::string_view text, Request* request) {
  Reader reader(request);
  // Its own errors are exceptions where a number is out of range.
  const bool read =
      nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  return read ? absl::OkStatus() : reader.status();
}

}  // namespace moevit
