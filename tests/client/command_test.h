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
  // Runs `moevit` with these arguments, the command's name first. What earlier
  // runs printed is forgotten.
  ExitCode RunMoevit(const std::vector<std::string>& arguments) {
    out_.str("");
    err_.str("");
    CommandUnderTest command;
    Command* const commands[] = {&command};
    return DispatchCommand(commands, arguments,
                           {.in = &in_, .out = &out_, .err = &err_});
  }

  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_CLIENT_COMMAND_TEST_H_
