#include "server/rest/message_json.h"

#include <string>
#include <utility>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"

namespace moevit {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using nlohmann::json;

// The value of a field that is not repeated.
json ValueOf(const Message& message, const FieldDescriptor* field) {
  const Reflection& get = *message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return get.GetInt32(message, field);
    case FieldDescriptor::CPPTYPE_INT64:
      return get.GetInt64(message, field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return get.GetUInt32(message, field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return get.GetUInt64(message, field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return get.GetDouble(message, field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return get.GetFloat(message, field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return get.GetBool(message, field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return get.GetEnum(message, field)->name();
    case FieldDescriptor::CPPTYPE_STRING:
      return get.GetString(message, field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageToJson(get.GetMessage(message, field));
  }
  return nullptr;
}

// An element of a repeated field.
json ElementOf(const Message& message, const FieldDescriptor* field,
               int index) {
  const Reflection& get = *message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return get.GetRepeatedInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_INT64:
      return get.GetRepeatedInt64(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT32:
      return get.GetRepeatedUInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT64:
      return get.GetRepeatedUInt64(message, field, index);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return get.GetRepeatedDouble(message, field, index);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return get.GetRepeatedFloat(message, field, index);
    case FieldDescriptor::CPPTYPE_BOOL:
      return get.GetRepeatedBool(message, field, index);
    case FieldDescriptor::CPPTYPE_ENUM:
      return get.GetRepeatedEnum(message, field, index)->name();
    case FieldDescriptor::CPPTYPE_STRING:
      return get.GetRepeatedString(message, field, index);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageToJson(get.GetRepeatedMessage(message, field, index));
  }
  return nullptr;
}

json ListOf(const Message& message, const FieldDescriptor* field) {
  json list = json::array();
  const int size = message.GetReflection()->FieldSize(message, field);
  for (int i = 0; i < size; ++i) list.push_back(ElementOf(message, field, i));
  return list;
}

// Entries of a map are messages with a key and a value.
json MapOf(const Message& message, const FieldDescriptor* field) {
  json object = json::object();
  for (json& entry : ListOf(message, field)) {
    const json& key = entry["key"];
    object[key.is_string() ? key.get<std::string>() : key.dump()] =
        std::move(entry["value"]);
  }
  return object;
}

}  // namespace

json MessageToJson(const Message& message) {
  using google::protobuf::Duration;
  if (message.GetDescriptor() == Duration::descriptor()) {
    const auto& duration = static_cast<const Duration&>(message);
    return static_cast<double>(duration.seconds()) + duration.nanos() * 1e-9;
  }
  json object = json::object();
  const auto& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor* field = descriptor.field(i);
    if (field->is_map()) {
      object[field->name()] = MapOf(message, field);
    } else if (field->is_repeated()) {
      object[field->name()] = ListOf(message, field);
    } else if (!field->has_presence() ||
               message.GetReflection()->HasField(message, field)) {
      object[field->name()] = ValueOf(message, field);
    }
  }
  return object;
}

}  // namespace moevit
