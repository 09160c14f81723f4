#include "program/program_writer.h"

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/json.h"
#include "base/status_macros.h"
#include "model/safetensors_writer.h"
#include "program/format.h"
#include "program/op_fields.h"

namespace moevit {
namespace {

// Keeps the fields of a file in the order in which they are added.
using OrderedJson = nlohmann::ordered_json;

// The visitor that writes one op (program/op_fields.h).
class OpWriter {
 public:
  OpWriter(const Program& program, const Op& op, SafetensorsWriter* tensors)
      : program_(program), op_name_(op.name), tensors_(*tensors) {
    json_["name"] = op.name;
    json_["op"] = std::string(OpKind(op));
  }

  void Value(const std::string& name, ValueId id) {
    json_[name] = program_.values[id].name;
  }

  template <typename T>
  void Scalar(const std::string& name, T value) {
    json_[name] = value;
  }

  void Count(const std::string& name, int count) { json_[name] = count; }

  template <typename T>
  void Vector(const std::string& name, const std::vector<T>& values) {
    Add(name, {static_cast<int64_t>(values.size())}, values);
  }

  template <typename T>
  void Table(const std::string& name, const std::vector<T>& values, int rows,
             int columns) {
    Add(name, {rows, columns}, values);
  }

  absl::StatusOr<OrderedJson> Finish() {
    MOEVIT_RETURN_IF_ERROR(status_);
    return std::move(json_);
  }

 private:
  template <typename T>
  void Add(const std::string& name, std::vector<int64_t> shape,
           const std::vector<T>& values) {
    status_.Update(tensors_.Add<T>(absl::StrCat(op_name_, ".", name),
                                   std::move(shape), absl::MakeSpan(values)));
  }

  const Program& program_;
  const std::string& op_name_;
  SafetensorsWriter& tensors_;
  OrderedJson json_;
  absl::Status status_;
};

OrderedJson ValueToJson(const Value& value) {
  OrderedJson json;
  json["name"] = value.name;
  json["type"] = std::string(ElementTypeName(value.type));
  json["rows"] = value.rows;
  json["channels"] = value.channels;
  return json;
}

}  // namespace

absl::StatusOr<SerializedProgram> SerializeProgram(const Program& program) {
  OrderedJson json;
  json["format_version"] = kProgramFormatVersion;
  json["image_size"] = program.image_size;
  json["channels"] = program.channels;
  json["classes"] = program.classes;
  json["logit_scale"] = program.logit_scale;
  json["values"] = OrderedJson::array();
  for (const Value& value : program.values) {
    json["values"].push_back(ValueToJson(value));
  }
  SafetensorsWriter tensors;
  json["ops"] = OrderedJson::array();
  for (const Op& op : program.ops) {
    OpWriter writer(program, op, &tensors);
    std::visit(
        [&writer](const auto& body) { op_fields::VisitFields(writer, body); },
        op.body);
    MOEVIT_ASSIGN_OR_RETURN(OrderedJson op_json, writer.Finish());
    json["ops"].push_back(std::move(op_json));
  }
  return SerializedProgram{json.dump(1) + "\n", tensors.Serialize()};
}

}  // namespace moevit
