#include "client/evaluate_command.h"

#include <sstream>
#include <string>
#include <vector>

#include "client/dispatch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EvaluateCommandTest : public ::testing::Test {
 protected:
  ExitCode Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "evaluate");
    EvaluateCommand command;
    Command* const commands[] = {&command};
    return Dispatch(commands, arguments,
                    {.in = &in_, .out = &out_, .err = &err_});
  }

  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(EvaluateCommandTest, AsksForModelAndDataset) {
  EXPECT_EQ(Run({}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--model=DIR is required"));
  EXPECT_EQ(Run({"--model=m"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--dataset=FILE|DIR is required"));
}

TEST_F(EvaluateCommandTest, NamesModelThatIsMissing) {
  EXPECT_EQ(Run({"--model=/nonexistent/model", "--dataset=d"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("/nonexistent/model"));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(EvaluateCommandTest, RefusesNumberOfThreadsOutOfRange) {
  EXPECT_EQ(Run({"--model=m", "--dataset=d", "--threads=-1"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("--threads is -1; it must be in [0,"));
}

TEST_F(EvaluateCommandTest, RefusesPositionalArgument) {
  EXPECT_EQ(Run({"--model=m", "--dataset=d", "extra"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("\"extra\" is not expected here"));
}

}  // namespace
}  // namespace moevit
