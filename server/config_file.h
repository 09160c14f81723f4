// The server's settings from a file in protobuf's text format
// (proto/moevit/v1/config.proto), as values for the flags of the same names.

#ifndef MOEVIT_SERVER_CONFIG_FILE_H_
#define MOEVIT_SERVER_CONFIG_FILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace moevit {

// Immutable.
class ConfigFile {
 public:
  struct Setting {
    std::string name;
    std::string value;  // as a flag takes it; lists are joined by commas
    int line = 0;       // from 1
  };

  // Returns the error of the file, or kInvalidArgument with file, line and
  // what is wrong there.
  static absl::StatusOr<ConfigFile> Read(const std::string& path);

  // The same of `text`; `path` is for messages.
  static absl::StatusOr<ConfigFile> Parse(absl::string_view text,
                                          const std::string& path);

  // What the file says, in the order of the fields' numbers.
  const std::vector<Setting>& settings() const { return settings_; }

  // `error` with file, line and name of `setting` in front.
  absl::Status ErrorAt(const Setting& setting, const absl::Status& error) const;

 private:
  explicit ConfigFile(std::string path) : path_(std::move(path)) {}

  std::string path_;
  std::vector<Setting> settings_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_CONFIG_FILE_H_
