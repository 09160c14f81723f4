// A fixture for tests of one command of `moevit`: runs it and keeps what it
// printed.

#ifndef MOEVIT_TESTS_CLIENT_COMMAND_TEST_H_
#define MOEVIT_TESTS_CLIENT_COMMAND_TEST_H_

#include <sstream>
#include <string>
#include <vector>

#include "client/dispatch.h"
#include "gtest/gtest.h"

namespace moevit {

// A flag and what must be said against it.
struct BadFlag {
  std::string flag;
  std::string message;
};

template <typename CommandUnderTest>
class CommandTest : public ::testing::Test {
 protected:
  // Runs `moevit COMMAND` with these arguments. What earlier runs printed is
  // forgotten.
  ExitCode Run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    CommandUnderTest command;
    Command* const commands[] = {&command};
    arguments.insert(arguments.begin(), std::string(command.name()));
    return DispatchCommand(commands, arguments,
                           {.in = &in_, .out = &out_, .err = &err_});
  }

  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_CLIENT_COMMAND_TEST_H_
