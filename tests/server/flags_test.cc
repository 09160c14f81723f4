#include "server/flags.h"

#include <set>
#include <string>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/moevit/v1/config.pb.h"
#include "tests/server/temporary_directory.h"

namespace moevit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FlagsTest : public ::testing::Test {
 protected:
  absl::StatusOr<ServerOptions> Parse(std::vector<std::string> arguments) {
    const absl::FlagSaver saver;  // flags are global
    arguments.insert(arguments.begin(), "moevit-server");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    return ParseServerFlags(static_cast<int>(argv.size()), argv.data());
  }

  // With `config` in a file, and a repository.
  absl::StatusOr<ServerOptions> ParseConfig(
      const std::string& config, std::vector<std::string> arguments = {}) {
    EXPECT_TRUE(WriteFile(path_, "model_repository: 'models'\n" + config).ok());
    arguments.push_back("--config=" + path_);
    return Parse(arguments);
  }

  std::string Error(const std::string& config,
                    const std::vector<std::string>& arguments = {}) {
    const auto options = ParseConfig(config, arguments);
    EXPECT_EQ(options.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(options.status().message());
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/server.pbtxt";
};

// So that neither can be forgotten.
TEST_F(FlagsTest, EveryFlagIsAFieldOfTheFileAndTheOtherWayRound) {
  std::set<std::string> flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    const bool is_own = absl::EndsWith(flag->Filename(), "server/flags.cc");
    if (is_own && name != "config") flags.emplace(name);
  }
  std::set<std::string> fields;
  const auto& message = *v1::ServerConfig::descriptor();
  for (int i = 0; i < message.field_count(); ++i) {
    fields.insert(message.field(i)->name());
  }
  EXPECT_EQ(flags, fields);
}

TEST_F(FlagsTest, WithoutFlagsTheDefaultsHold) {
  const auto options = Parse({"--model_repository=models"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->port, ServerOptions().port);
  EXPECT_EQ(options->model_control.mode, ModelControlMode::kNone);
  EXPECT_EQ(options->devices.size(), 1);
}

TEST_F(FlagsTest, WrongArgumentsAreNamed) {
  const auto error = [this](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "--model_repository=models");
    const absl::Status status = Parse(std::move(arguments)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(error({"--prot=1"}), HasSubstr("'--prot=1' is not a flag"));
  EXPECT_THAT(error({"--noport"}), HasSubstr("'--noport' is not a flag"));
  const auto names_value = AllOf(HasSubstr("'many'"), HasSubstr("'port'"));
  EXPECT_THAT(error({"--port=many"}), names_value);
  EXPECT_THAT(error({"--port", "many"}), names_value);
  EXPECT_THAT(error({"-", "--prot=1"}), HasSubstr("'--prot=1' is not a flag"));
  EXPECT_THAT(error({"--port"}), HasSubstr("'--port' needs a value"));
  EXPECT_THAT(error({"models"}), HasSubstr("'models' is not a flag"));
  EXPECT_THAT(error({"--noexit_on_error", "-host", "::1", "--port", "-1"}),
              HasSubstr("port is -1"));
}

TEST_F(FlagsTest, TheFileSetsOptionsAndTheCommandLineWins) {
  const auto options = ParseConfig(
      "port: 9001\nmetrics_port: -1\nmax_queue_delay: '7ms'\n"
      "model_control: 'explicit'\nload_model: 'a'\nload_model: 'b'\n",
      {"--port=9002"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->port, 9002);
  EXPECT_EQ(options->metrics_port, -1);
  EXPECT_EQ(options->batching.max_queue_delay, absl::Milliseconds(7));
  EXPECT_EQ(options->model_control.load_models,
            (std::vector<std::string>{"a", "b"}));
}

TEST_F(FlagsTest, TheExampleIsRight) {
  const auto options = Parse({"--config=deploy/server.pbtxt"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->model_control.mode, ModelControlMode::kPoll);
}

TEST_F(FlagsTest, AnErrorNamesFileLineAndField) {
  const std::string line_3 = path_ + ":3: ";
  EXPECT_THAT(Error("\nmax_queue_delay: '-1s'\n"),
              StartsWith(line_3 + "max_queue_delay: "));
  EXPECT_THAT(Error("\nmax_queue_delay: 'long'\n"),
              StartsWith(line_3 + "max_queue_delay: "));
  EXPECT_THAT(Error("port: 1\nmax_batch_size: 0\n"),
              StartsWith(line_3 + "max_batch_size: "));
  EXPECT_THAT(
      Error("port: 1\nversion_policy: 'newest'\n"),
      AllOf(StartsWith(line_3 + "version_policy: "), HasSubstr("'newest'")));
  EXPECT_THAT(Error("port: 1\ndevices: 'gpu'\n"), StartsWith(line_3));
}

TEST_F(FlagsTest, AnErrorOnTheCommandLineIsNotTheFiles) {
  EXPECT_THAT(Error("port: 1\nmax_batch_size: 8\n", {"--max_batch_size=0"}),
              Not(HasSubstr(path_)));
}

TEST_F(FlagsTest, WhatIsNotAFlagIsNamed) {
  EXPECT_THAT(Parse({"models"}).status().message(), HasSubstr("'models'"));
}

}  // namespace
}  // namespace moevit
