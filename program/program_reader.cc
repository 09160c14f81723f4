#include "program/program_reader.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/status_macros.h"
#include "program/format.h"
#include "program/op_fields.h"
#include "program/verify.h"

namespace moevit {
namespace {

using ValueIds = absl::flat_hash_map<std::string, ValueId>;

// The visitor that reads one op (program/op_fields.h). After the first error
// the other fields are left alone.
class OpReader {
 public:
  OpReader(const JsonObject& json, const ValueIds& value_ids,
           const SafetensorsReader& weights, std::string op_name)
      : json_(json),
        value_ids_(value_ids),
        weights_(weights),
        op_name_(std::move(op_name)) {}

  void Value(const std::string& name, ValueId& id) {
    absl::StatusOr<std::string> value_name = json_.String(name);
    if (!Ok(value_name.status())) return;
    auto found = value_ids_.find(*value_name);
    if (found == value_ids_.end()) {
      Ok(json_.Error(name, "the name of a value"));
      return;
    }
    id = found->second;
  }

  void Scalar(const std::string& name, bool& value) {
    absl::StatusOr<bool> read = json_.Bool(name);
    if (Ok(read.status())) value = *read;
  }

  template <typename T>
  void Scalar(const std::string& name, T& value) {
    absl::StatusOr<T> read = json_.Integer<T>(name);
    if (Ok(read.status())) value = *read;
  }

  // The length of a list of matrices.
  void Count(const std::string& name, int& count) {
    absl::StatusOr<int> read = json_.Integer<int>(name, 0, 1 << 16);
    if (Ok(read.status())) count = *read;
  }

  template <typename T>
  void Vector(const std::string& name, std::vector<T>& values) {
    std::vector<int64_t> shape;
    if (FindShape(name, 1, &shape)) Read(name, shape, values);
  }

  template <typename T>
  void Table(const std::string& name, std::vector<T>& values, int& rows,
             int& columns) {
    std::vector<int64_t> shape;
    if (!FindShape(name, 2, &shape)) return;
    rows = static_cast<int>(std::min<int64_t>(shape[0], kMaxChannels));
    columns = static_cast<int>(std::min<int64_t>(shape[1], kMaxChannels));
    Read(name, shape, values);
  }

  const absl::Status& status() const { return status_; }
  int tensors_read() const { return tensors_read_; }

 private:
  // Remembers the first error; false from then on.
  bool Ok(const absl::Status& status) {
    status_.Update(status);
    return status_.ok();
  }

  bool FindShape(const std::string& name, size_t rank,
                 std::vector<int64_t>* shape) {
    if (!status_.ok()) return false;
    const std::string full_name = absl::StrCat(op_name_, ".", name);
    auto found = weights_.tensors().find(full_name);
    if (found == weights_.tensors().end()) {
      return Ok(absl::InvalidArgumentError(
          absl::StrCat("tensor \"", full_name, "\" is missing")));
    }
    *shape = found->second.shape;
    if (shape->size() == rank) return true;
    return Ok(absl::InvalidArgumentError(
        absl::StrCat("tensor \"", full_name, "\" has shape ",
                     ShapeToString(*shape), ", not rank ", rank)));
  }

  template <typename T>
  void Read(const std::string& name, const std::vector<int64_t>& shape,
            std::vector<T>& values) {
    absl::StatusOr<std::vector<T>> read =
        weights_.Values<T>(absl::StrCat(op_name_, ".", name), shape);
    if (!Ok(read.status())) return;
    values = *std::move(read);
    ++tensors_read_;
  }

  const JsonObject& json_;
  const ValueIds& value_ids_;
  const SafetensorsReader& weights_;
  const std::string op_name_;
  absl::Status status_;
  int tensors_read_ = 0;
};

// Default-constructs the alternative of OpVariant that is called `kind`.
template <size_t kIndex = 0>
bool MakeBody(absl::string_view kind, OpVariant* body) {
  if constexpr (kIndex == std::variant_size_v<OpVariant>) {
    return false;
  } else {
    body->emplace<kIndex>();
    Op probe{.name = "", .body = *body};
    return OpKind(probe) == kind || MakeBody<kIndex + 1>(kind, body);
  }
}

absl::StatusOr<Value> ParseValue(const JsonObject& json) {
  Value value;
  MOEVIT_ASSIGN_OR_RETURN(value.name, json.String("name"));
  MOEVIT_ASSIGN_OR_RETURN(value.rows, json.Integer<int>("rows"));
  MOEVIT_ASSIGN_OR_RETURN(value.channels, json.Integer<int>("channels"));
  MOEVIT_ASSIGN_OR_RETURN(const std::string type, json.String("type"));
  for (const auto& [candidate, name] : kElementTypeNames) {
    if (type != name) continue;
    value.type = candidate;
    return value;
  }
  return json.Error("type", "\"code\", \"int16\" or \"routing\"");
}

absl::Status ParseHeader(const JsonObject& root, Program* program) {
  MOEVIT_RETURN_IF_ERROR(root.Integer<int>("format_version",
                                           kProgramFormatVersion,
                                           kProgramFormatVersion)
                             .status());
  MOEVIT_ASSIGN_OR_RETURN(program->image_size, root.Integer<int>("image_size"));
  MOEVIT_ASSIGN_OR_RETURN(program->channels, root.Integer<int>("channels"));
  MOEVIT_ASSIGN_OR_RETURN(program->classes, root.Integer<int>("classes"));
  MOEVIT_ASSIGN_OR_RETURN(program->logit_scale, root.Double("logit_scale"));
  return absl::OkStatus();
}

// Returns the number of tensors that the op read.
absl::StatusOr<int> ParseOp(const JsonObject& json, const ValueIds& value_ids,
                            const SafetensorsReader& weights, Op* op) {
  MOEVIT_ASSIGN_OR_RETURN(op->name, json.String("name"));
  MOEVIT_ASSIGN_OR_RETURN(const std::string kind, json.String("op"));
  if (!MakeBody(kind, &op->body)) {
    return json.Error("op", "a kind of op that this version knows");
  }
  OpReader reader(json, value_ids, weights, op->name);
  std::visit([&reader](auto& body) { op_fields::VisitFields(reader, body); },
             op->body);
  if (!reader.status().ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("op \"", op->name, "\": ", reader.status().message()));
  }
  return reader.tensors_read();
}

}  // namespace

absl::StatusOr<Program> ParseProgram(absl::string_view json,
                                     const SafetensorsReader& weights) {
  MOEVIT_ASSIGN_OR_RETURN(const Json document, ParseJson(json, "program.json"));
  MOEVIT_ASSIGN_OR_RETURN(const JsonObject root,
                          JsonObject::Root(document, "program.json"));
  Program program;
  MOEVIT_RETURN_IF_ERROR(ParseHeader(root, &program));
  ValueIds value_ids;
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<JsonObject> values,
                          root.Objects("values"));
  for (const JsonObject& value_json : values) {
    MOEVIT_ASSIGN_OR_RETURN(Value value, ParseValue(value_json));
    value_ids.emplace(value.name, static_cast<ValueId>(program.values.size()));
    program.values.push_back(std::move(value));
  }
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<JsonObject> ops,
                          root.Objects("ops"));
  size_t tensors_read = 0;
  for (const JsonObject& op_json : ops) {
    MOEVIT_ASSIGN_OR_RETURN(
        const int count,
        ParseOp(op_json, value_ids, weights, &program.ops.emplace_back()));
    tensors_read += count;
  }
  MOEVIT_RETURN_IF_ERROR(VerifyProgram(program));
  if (tensors_read != weights.tensors().size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(weights.path(), " has ", weights.tensors().size(),
                     " tensors, of which the program uses ", tensors_read));
  }
  return program;
}

}  // namespace moevit
