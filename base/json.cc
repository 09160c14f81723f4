#include "base/json.h"

#include <cmath>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

constexpr size_t kMaxValueInMessage = 80;

// Walks a document without building it, to refuse what the library accepts:
// deep nesting and repeated keys. Also catches syntax errors, which the
// library describes only to such a handler (or in an exception).
class StructureChecker : public nlohmann::json_sax<Json> {
 public:
  explicit StructureChecker(int max_depth) : max_depth_(max_depth) {}

  const std::string& error() const { return error_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return Enter(); }
  bool start_array(size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool end_array() override { return Leave(); }

  bool key(string_t& name) override {
    if (keys_.back().insert(name).second) return true;
    error_ = absl::StrCat("the key \"", name, "\" occurs twice in one object");
    return false;
  }

  bool parse_error(size_t, const std::string&,
                   const nlohmann::detail::exception& error) override {
    // Without the library's own "[json.exception...] " in front.
    const absl::string_view text = error.what();
    error_ = std::string(text.substr(text.find("] ") + 2));
    return false;
  }

 private:
  bool Enter() {
    keys_.emplace_back();
    if (keys_.size() <= static_cast<size_t>(max_depth_)) return true;
    error_ = absl::StrCat("nested deeper than ", max_depth_, " levels");
    return false;
  }

  bool Leave() {
    keys_.pop_back();
    return true;
  }

  const int max_depth_;
  std::vector<absl::flat_hash_set<std::string>> keys_;  // of the open objects
  std::string error_;
};

std::string Shorten(std::string text) {
  if (text.size() <= kMaxValueInMessage) return text;
  return text.substr(0, kMaxValueInMessage) + "...";
}

std::string ElementName(absl::string_view key, size_t index) {
  return absl::StrCat(key, "[", index, "]");
}

}  // namespace

absl::StatusOr<Json> ParseJson(absl::string_view text, absl::string_view name,
                               const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat(name, ": ", text.size(), " bytes of JSON; at most ",
                     limits.max_bytes, " are admitted"));
  }
  StructureChecker checker(limits.max_depth);
  if (!Json::sax_parse(text.begin(), text.end(), &checker)) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", checker.error()));
  }
  return Json::parse(text.begin(), text.end(), /*cb=*/nullptr,
                     /*allow_exceptions=*/false);
}

absl::StatusOr<JsonObject> JsonObject::Root(const Json& document,
                                            absl::string_view name) {
  if (!document.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(
        name, ": expected a JSON object, found ", document.type_name()));
  }
  return JsonObject(&document, std::string(name), /*path=*/"");
}

const Json* JsonObject::Find(absl::string_view key) const {
  const auto field = object_->find(std::string(key));
  return field == object_->end() || field->is_null() ? nullptr : &*field;
}

bool JsonObject::Has(absl::string_view key) const {
  return Find(key) != nullptr;
}

absl::Status JsonObject::Error(absl::string_view key,
                               absl::string_view expected) const {
  return ErrorAt(key, Find(key), expected);
}

absl::Status JsonObject::ErrorAt(absl::string_view where, const Json* value,
                                 absl::string_view expected) const {
  const std::string found =
      value == nullptr ? "missing"
                       : Shorten(value->dump(/*indent=*/-1, /*indent_char=*/' ',
                                             /*ensure_ascii=*/true,
                                             Json::error_handler_t::replace));
  return absl::InvalidArgumentError(absl::StrCat(
      name_, ": \"", path_, where, "\" is ", found, "; expected ", expected));
}

absl::StatusOr<bool> JsonObject::Bool(absl::string_view key) const {
  const Json* const value = Find(key);
  if (value == nullptr || !value->is_boolean()) {
    return Error(key, "true or false");
  }
  return value->get<bool>();
}

absl::StatusOr<std::string> JsonObject::String(absl::string_view key) const {
  const Json* const value = Find(key);
  if (value == nullptr || !value->is_string()) return Error(key, "a string");
  return value->get<std::string>();
}

absl::StatusOr<double> JsonObject::Number(absl::string_view where,
                                          const Json* value) const {
  if (value == nullptr || !value->is_number() ||
      !std::isfinite(value->get<double>())) {
    return ErrorAt(where, value, "a number");
  }
  return value->get<double>();
}

absl::StatusOr<double> JsonObject::Double(absl::string_view key) const {
  return Number(key, Find(key));
}

absl::StatusOr<int64_t> JsonObject::Int64(absl::string_view where,
                                          const Json* value, int64_t min,
                                          int64_t max) const {
  // The library keeps integers of 2^63 and more as unsigned.
  const bool fits =
      value != nullptr && value->is_number_integer() &&
      !(value->is_number_unsigned() &&
        value->get<uint64_t>() > std::numeric_limits<int64_t>::max());
  if (!fits || value->get<int64_t>() < min || value->get<int64_t>() > max) {
    return ErrorAt(where, value,
                   absl::StrCat("an integer in [", min, ", ", max, "]"));
  }
  return value->get<int64_t>();
}

absl::StatusOr<JsonObject> JsonObject::Object(absl::string_view key) const {
  const Json* const value = Find(key);
  if (value == nullptr || !value->is_object()) return Error(key, "an object");
  return JsonObject(value, name_, absl::StrCat(path_, key, "."));
}

absl::StatusOr<const Json*> JsonObject::Array(absl::string_view key) const {
  const Json* const value = Find(key);
  if (value == nullptr || !value->is_array()) return Error(key, "an array");
  return value;
}

absl::StatusOr<std::vector<JsonObject>> JsonObject::Objects(
    absl::string_view key) const {
  MOEVIT_ASSIGN_OR_RETURN(const Json* const array, Array(key));
  std::vector<JsonObject> objects;
  for (const Json& element : *array) {
    const std::string where = ElementName(key, objects.size());
    if (!element.is_object()) return ErrorAt(where, &element, "an object");
    objects.push_back(
        JsonObject(&element, name_, absl::StrCat(path_, where, ".")));
  }
  return objects;
}

absl::StatusOr<std::vector<std::string>> JsonObject::Strings(
    absl::string_view key) const {
  MOEVIT_ASSIGN_OR_RETURN(const Json* const array, Array(key));
  std::vector<std::string> strings;
  for (const Json& element : *array) {
    if (!element.is_string()) {
      return ErrorAt(ElementName(key, strings.size()), &element, "a string");
    }
    strings.push_back(element.get<std::string>());
  }
  return strings;
}

absl::StatusOr<std::vector<double>> JsonObject::Doubles(
    absl::string_view key) const {
  MOEVIT_ASSIGN_OR_RETURN(const Json* const array, Array(key));
  std::vector<double> numbers;
  for (const Json& element : *array) {
    MOEVIT_ASSIGN_OR_RETURN(const double number,
                            Number(ElementName(key, numbers.size()), &element));
    numbers.push_back(number);
  }
  return numbers;
}

absl::Status JsonObject::RefuseUnknown(
    std::initializer_list<absl::string_view> known) const {
  for (const auto& [key, value] : object_->items()) {
    if (!absl::c_linear_search(known, absl::string_view(key))) {
      return absl::InvalidArgumentError(
          absl::StrCat(name_, ": unknown field \"", path_, key, "\""));
    }
  }
  return absl::OkStatus();
}

}  // namespace moevit
