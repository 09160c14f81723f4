#include "server/watchdog.h"

#include <unistd.h>

#include <cstdlib>

#include "gtest/gtest.h"

namespace moevit {
namespace {

// Whatever hangs, a card or a bug, does not keep the process.
TEST(WatchdogDeathTest, R6EndsAProcessThatHangs) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const Watchdog watchdog(absl::Milliseconds(1));
        alarm(60);  // the test's own, with another exit
        while (true) pause();
      },
      ::testing::ExitedWithCode(EXIT_FAILURE), "did not end within 1ms");
}

TEST(WatchdogTest, LeavesAProcessAloneThatEndsInTime) {
  const Watchdog watchdog(absl::Hours(1));
}

}  // namespace
}  // namespace moevit
