#include "server/stop_signal.h"

#include <csignal>
#include <string>

#include "gtest/gtest.h"

namespace moevit {
namespace {

TEST(StopSignalTest, AHangupIsReportedAndASignalToStopEndsTheWait) {
  const StopSignal signals;
  raise(SIGHUP);
  int hangups = 0;
  const std::string line = signals.Wait([&hangups] {
    ++hangups;
    raise(hangups < 2 ? SIGHUP : SIGTERM);
  });
  EXPECT_EQ(hangups, 2);
  EXPECT_EQ(line, "received SIGTERM");
}

}  // namespace
}  // namespace moevit
