#include "server/config_file.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Each setting as name=value@line, or the error.
std::vector<std::string> Settings(const std::string& text) {
  const auto config = ConfigFile::Parse(text, "server.pbtxt");
  if (!config.ok()) return {std::string(config.status().message())};
  std::vector<std::string> settings;
  for (const ConfigFile::Setting& setting : config->settings()) {
    settings.push_back(
        absl::StrCat(setting.name, "=", setting.value, "@", setting.line));
  }
  return settings;
}

TEST(ConfigFileTest, GivesValuesAsFlagsTakeThem) {
  EXPECT_THAT(
      Settings("# comment\nport: 9001\n\nhost: '::1'\n"
               "max_queue_bytes: 5000000000\n"
               "devices: 'cpu'\ndevices: 'emulated:2'\n"
               "exit_on_error: false\n"),
      ElementsAre("exit_on_error=false@8", "host=::1@4", "port=9001@2",
                  "devices=cpu,emulated:2@6", "max_queue_bytes=5000000000@5"));
}

TEST(ConfigFileTest, AnEmptyFileChangesNothing) {
  EXPECT_THAT(Settings(""), ElementsAre());
}

TEST(ConfigFileTest, NamesTheLineOfAnUnknownField) {
  EXPECT_THAT(
      Settings("port: 1\nprot: 2\n"),
      ElementsAre(AllOf(HasSubstr("server.pbtxt:2: "), HasSubstr("\"prot\""))));
}

TEST(ConfigFileTest, NamesTheFieldOfAValueOfTheWrongType) {
  EXPECT_THAT(Settings("\n\n  port: 'many'\n"),
              ElementsAre(HasSubstr("server.pbtxt:3: port: ")));
  EXPECT_THAT(Settings("host: 'a'\nport:\n"),
              ElementsAre(HasSubstr("server.pbtxt:3: ")));
}

TEST(ConfigFileTest, RefusesAFieldThatIsThereTwice) {
  EXPECT_THAT(
      Settings("port: 1\nport: 2\n"),
      ElementsAre(AllOf(HasSubstr("server.pbtxt:2: "), HasSubstr("\"port\""))));
}

TEST(ConfigFileTest, AMissingFileIsNamed) {
  const absl::Status status = ConfigFile::Read("no such file").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("no such file"));
}

}  // namespace
}  // namespace moevit
