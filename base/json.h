// Reading JSON that may be hostile: bounded, without exceptions, and with
// errors that name the field, its value and what was expected.

#ifndef MOEVIT_BASE_JSON_H_
#define MOEVIT_BASE_JSON_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace moevit {

using Json = nlohmann::json;

struct JsonLimits {
  size_t max_bytes = size_t{16} << 20;  // Default: 16 MiB.
  int max_depth = 16;                   // of nested objects and arrays
};

// Parses one UTF-8 document. `name` says where it is from, in errors only.
// Returns kInvalidArgument for text that is not JSON, nests too deep or has a
// key twice in one object; kResourceExhausted for text that is too long.
absl::StatusOr<Json> ParseJson(absl::string_view text, absl::string_view name,
                               const JsonLimits& limits = JsonLimits());

// One object of a document, and the path to it for error messages. A getter
// returns kInvalidArgument when its field is missing, has another type or is
// out of range. Holds a pointer into the document, which must outlive it.
// Thread-compatible.
class JsonObject {
 public:
  // `name` is the file's name, for example "config.json". Returns
  // kInvalidArgument when `document` is not an object.
  static absl::StatusOr<JsonObject> Root(const Json& document,
                                         absl::string_view name);

  // True when the field is there and not null.
  bool Has(absl::string_view key) const;

  absl::StatusOr<bool> Bool(absl::string_view key) const;
  absl::StatusOr<std::string> String(absl::string_view key) const;

  // A finite number; integers are admitted.
  absl::StatusOr<double> Double(absl::string_view key) const;

  // An integer in [min, max]. Not for values beyond the range of int64_t.
  template <typename T>
  absl::StatusOr<T> Integer(absl::string_view key,
                            T min = std::numeric_limits<T>::min(),
                            T max = std::numeric_limits<T>::max()) const;

  absl::StatusOr<JsonObject> Object(absl::string_view key) const;
  absl::StatusOr<std::vector<JsonObject>> Objects(absl::string_view key) const;
  absl::StatusOr<std::vector<std::string>> Strings(absl::string_view key) const;
  absl::StatusOr<std::vector<double>> Doubles(absl::string_view key) const;

  // An array of integers, each in [min, max].
  template <typename T>
  absl::StatusOr<std::vector<T>> Integers(
      absl::string_view key, T min = std::numeric_limits<T>::min(),
      T max = std::numeric_limits<T>::max()) const;

  // kInvalidArgument when a field is none of `known`, naming the first.
  absl::Status RefuseUnknown(
      std::initializer_list<absl::string_view> known) const;

  // An error about field `key`, with its path and value:
  //   config.json: "gate.order" is "x"; expected ...
  absl::Status Error(absl::string_view key, absl::string_view expected) const;

  const Json& json() const { return *object_; }

 private:
  JsonObject(const Json* object, std::string name, std::string path)
      : object_(object), name_(std::move(name)), path_(std::move(path)) {}

  // The field's value, or null when Has(key) is false.
  const Json* Find(absl::string_view key) const;
  absl::StatusOr<const Json*> Array(absl::string_view key) const;
  absl::Status ErrorAt(absl::string_view where, const Json* value,
                       absl::string_view expected) const;
  absl::StatusOr<int64_t> Int64(absl::string_view where, const Json* value,
                                int64_t min, int64_t max) const;
  absl::StatusOr<double> Number(absl::string_view where,
                                const Json* value) const;

  const Json* object_;
  std::string name_;  // of the document
  std::string path_;  // of this object in it: "" or "gate."
};

// Implementation details follow.

namespace json_internal {

template <typename T>
int64_t ClampToInt64(T value) {
  if constexpr (std::is_unsigned_v<T>) {
    return static_cast<int64_t>(
        std::min<uint64_t>(value, std::numeric_limits<int64_t>::max()));
  } else {
    return value;
  }
}

}  // namespace json_internal

template <typename T>
absl::StatusOr<T> JsonObject::Integer(absl::string_view key, T min,
                                      T max) const {
  absl::StatusOr<int64_t> value =
      Int64(key, Find(key), json_internal::ClampToInt64(min),
            json_internal::ClampToInt64(max));
  if (!value.ok()) return value.status();
  return static_cast<T>(*value);
}

template <typename T>
absl::StatusOr<std::vector<T>> JsonObject::Integers(absl::string_view key,
                                                    T min, T max) const {
  absl::StatusOr<const Json*> array = Array(key);
  if (!array.ok()) return array.status();
  std::vector<T> values;
  values.reserve((*array)->size());
  for (const Json& element : **array) {
    absl::StatusOr<int64_t> value = Int64(
        std::string(key) + "[" + std::to_string(values.size()) + "]", &element,
        json_internal::ClampToInt64(min), json_internal::ClampToInt64(max));
    if (!value.ok()) return value.status();
    values.push_back(static_cast<T>(*value));
  }
  return values;
}

}  // namespace moevit

#endif  // MOEVIT_BASE_JSON_H_
