#include "server/access_log.h"

#include <utility>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

// How many of `requests` that end with `status` are logged.
int Logged(AccessLog& log, int requests, const absl::Status& status) {
  int logged = 0;
  CaptureStderr();
  for (int i = 0; i < requests; ++i) {
    log.Record(status, [&logged] {
      ++logged;
      return RequestRecord();
    });
  }
  GetCapturedStderr();
  return logged;
}

TEST(AccessLogTest, LogsTheFractionItIsGiven) {
  for (const auto& [sampling, expected] :
       {std::pair(0.0, 0), std::pair(0.01, 2), std::pair(0.25, 50),
        std::pair(0.6, 120), std::pair(1.0, 200)}) {
    AccessLog log(sampling);
    EXPECT_NEAR(Logged(log, 200, absl::OkStatus()), expected, 1) << sampling;
  }
}

TEST(AccessLogTest, LogsFaultsOfTheServerUpToALimit) {
  AccessLog log(0);
  EXPECT_EQ(Logged(log, 3, absl::InternalError("broken")), 3);
  EXPECT_EQ(Logged(log, 100, absl::DataLossError("broken")), 7);
}

TEST(AccessLogTest, DoesNotLogMistakesOfClientsUnasked) {
  AccessLog log(0);
  EXPECT_EQ(Logged(log, 10, absl::InvalidArgumentError("not an image")), 0);
}

TEST(AccessLogTest, TheLineSaysWhoAskedForWhatAndWhatBecameOfIt) {
  AccessLog log(1);
  CaptureStderr();
  log.Record(absl::NotFoundError("no model"), [] {
    RequestRecord record;
    record.request_id = "a\nb";
    record.trace = ParseTraceParent(
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    record.client = "ipv4:127.0.0.1:5";
    record.model = "vehicles";
    record.duration = absl::Microseconds(20);
    return record;
  });
  EXPECT_THAT(GetCapturedStderr(),
              HasSubstr("INFO request request_id=\"a\\x0ab\" "
                        "trace_id=0af7651916cd43dd8448eb211c80319c "
                        "parent_id=b7ad6b7169203331 client=ipv4:127.0.0.1:5 "
                        "model=vehicles code=NOT_FOUND error=\"no model\" "
                        "duration=0.000020\n"));
}

TEST(RequestIdTest, TakesTheClientsOrANewOne) {
  EXPECT_EQ(RequestId("mine"), "mine");
  EXPECT_NE(RequestId(""), RequestId(""));
}

}  // namespace
}  // namespace moevit
