#include "server/config_file.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "proto/moevit/v1/config.pb.h"

namespace moevit {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

constexpr size_t kMaxConfigBytes = 1 << 20;

// The field that line `line` of `text`, from 0, begins with; may be empty.
absl::string_view FieldAt(absl::string_view text, int line) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  if (line < 0 || line >= static_cast<int>(lines.size())) return "";
  const absl::string_view begin =
      absl::StripLeadingAsciiWhitespace(lines[line]);
  const auto end = std::find_if_not(begin.begin(), begin.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '_';
  });
  return begin.substr(0, end - begin.begin());
}

// Keeps the first error, with its place.
class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  FirstError(const std::string& path, absl::string_view text)
      : path_(path), text_(text) {}

  // `line` counts from 0.
  void AddError(int line, google::protobuf::io::ColumnNumber /*column*/,
                const std::string& message) override {
    const absl::string_view field = FieldAt(text_, line);
    const bool says = field.empty() || absl::StrContains(message, field);
    status_.Update(absl::InvalidArgumentError(
        absl::StrCat(path_, ":", line + 1, ": ", says ? "" : field,
                     says ? "" : ": ", message)));
  }

  const absl::Status& status() const { return status_; }

 private:
  const std::string path_;
  const absl::string_view text_;
  absl::Status status_;
};

// The value, as a flag takes it.
std::string FlagText(const v1::ServerConfig& config,
                     const FieldDescriptor& field) {
  const google::protobuf::Reflection& read = *config.GetReflection();
  if (field.is_repeated()) {
    std::vector<std::string> values;
    values.reserve(read.FieldSize(config, &field));
    for (int i = 0; i < read.FieldSize(config, &field); ++i) {
      values.push_back(read.GetRepeatedString(config, &field, i));
    }
    return absl::StrJoin(values, ",");
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return read.GetBool(config, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(read.GetInt32(config, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(read.GetInt64(config, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(read.GetDouble(config, &field));
    default:
      return read.GetString(config, &field);
  }
}

}  // namespace

absl::StatusOr<ConfigFile> ConfigFile::Read(const std::string& path) {
  MOEVIT_ASSIGN_OR_RETURN(const std::string text,
                          ReadFile(path, kMaxConfigBytes));
  return Parse(text, path);
}

absl::StatusOr<ConfigFile> ConfigFile::Parse(absl::string_view text,
                                             const std::string& path) {
  v1::ServerConfig config;
  TextFormat::Parser parser;
  FirstError error(path, text);
  TextFormat::ParseInfoTree places;
  parser.RecordErrorsTo(&error);
  parser.WriteLocationsTo(&places);
  if (!parser.ParseFromString(std::string(text), &config)) {
    return error.status();
  }
  std::vector<const FieldDescriptor*> fields;
  config.GetReflection()->ListFields(config, &fields);
  ConfigFile file(path);
  for (const FieldDescriptor* field : fields) {
    const int index = field->is_repeated() ? 0 : -1;
    file.settings_.push_back({field->name(), FlagText(config, *field),
                              places.GetLocation(field, index).line + 1});
  }
  return file;
}

absl::Status ConfigFile::ErrorAt(const Setting& setting,
                                 const absl::Status& error) const {
  return absl::Status(error.code(),
                      absl::StrCat(path_, ":", setting.line, ": ", setting.name,
                                   ": ", error.message()));
}

}  // namespace moevit
