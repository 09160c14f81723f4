#include "client/dispatch.h"

#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/command.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

// Remembers what it was run with and answers with `result`.
class FakeCommand : public Command {
 public:
  absl::string_view name() const override { return "greet"; }
  absl::string_view summary() const override { return "says hello"; }
  absl::string_view positional() const override { return takes; }
  void AddFlags(FlagSet* flags) override {
    flags->Add({.name = "times", .value_name = "N", .help = "how often"},
               &times);
  }
  absl::Status Run(absl::Span<const std::string> positional,
                   const Console& console) override {
    names.assign(positional.begin(), positional.end());
    *console.out << "hello\n";
    return result;
  }

  absl::string_view takes = "NAME...";
  int times = 1;
  std::vector<std::string> names;
  absl::Status result;
};

class DispatchTest : public ::testing::Test {
 protected:
  ExitCode Run(std::vector<std::string> arguments) {
    Command* const commands[] = {&command_};
    return DispatchCommand(commands, arguments,
                           {.in = &in_, .out = &out_, .err = &err_});
  }

  FakeCommand command_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(DispatchTest, RunsNamedCommandWithItsFlagsAndArguments) {
  EXPECT_EQ(Run({"greet", "--times=2", "Ada", "Bob"}), kExitSuccess);
  EXPECT_EQ(command_.times, 2);
  EXPECT_THAT(command_.names, ElementsAre("Ada", "Bob"));
  EXPECT_EQ(out_.str(), "hello\n");
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(DispatchTest, ReportsFailureOfCommandOnStandardError) {
  command_.result = absl::NotFoundError("nobody is here");
  EXPECT_EQ(Run({"greet"}), kExitFailure);
  EXPECT_EQ(err_.str(), "moevit greet: nobody is here\n");
}

TEST_F(DispatchTest, OutputThatIsLostIsAFailure) {
  out_.setstate(std::ios::badbit);
  EXPECT_EQ(Run({"greet"}), kExitFailure);
  EXPECT_EQ(err_.str(), "moevit greet: the output cannot be written\n");
}

TEST_F(DispatchTest, RefusesUnknownCommandNamingTheKnownOnes) {
  EXPECT_EQ(Run({"great"}), kExitUsage);
  EXPECT_EQ(err_.str(),
            "moevit: unknown command \"great\"; the commands are greet\n");
}

TEST_F(DispatchTest, RefusesBadFlagWithoutRunningTheCommand) {
  EXPECT_EQ(Run({"greet", "--tomes=2"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("unknown flag --tomes"));
  EXPECT_THAT(err_.str(), HasSubstr("moevit greet --help"));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(DispatchTest, RefusesArgumentOfCommandThatTakesNone) {
  command_.takes = "";
  EXPECT_EQ(Run({"greet", "Ada"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("\"Ada\" is not a flag"));
  EXPECT_THAT(out_.str(), IsEmpty());
  EXPECT_EQ(Run({"greet"}), kExitSuccess);
}

TEST_F(DispatchTest, ListsCommandsOnHelpAndWithoutArguments) {
  EXPECT_EQ(Run({"--help"}), kExitSuccess);
  EXPECT_THAT(out_.str(), HasSubstr("greet      says hello"));
  EXPECT_EQ(Run({}), kExitUsage);
  EXPECT_EQ(err_.str(), out_.str());
}

TEST_F(DispatchTest, TellsItsVersion) {
  EXPECT_EQ(Run({"--version"}), kExitSuccess);
  EXPECT_THAT(out_.str(), MatchesRegex("moevit [0-9]+\\.[0-9]+\\.[0-9]+.*\n"));
}

TEST_F(DispatchTest, ExplainsOneCommandOnItsHelp) {
  EXPECT_EQ(Run({"greet", "--help"}), kExitSuccess);
  EXPECT_THAT(out_.str(), HasSubstr("Usage: moevit greet [FLAG...] NAME..."));
  EXPECT_THAT(out_.str(), HasSubstr("--times=N\n      how often (default: 1)"));
  EXPECT_THAT(command_.names, IsEmpty());
}

}  // namespace
}  // namespace moevit
