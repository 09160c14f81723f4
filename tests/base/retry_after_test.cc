#include "base/retry_after.h"

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

TEST(RetryAfterTest, TravelsWithTheStatus) {
  const absl::Status status = WithRetryAfter(
      absl::ResourceExhaustedError("full"), absl::Microseconds(1'234'567));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "full");
  EXPECT_EQ(RetryAfter(status), absl::Microseconds(1'234'567));
}

TEST(RetryAfterTest, OtherStatusesHaveNone) {
  EXPECT_FALSE(RetryAfter(absl::OkStatus()).has_value());
  EXPECT_FALSE(RetryAfter(absl::NotFoundError("x")).has_value());
}

}  // namespace
}  // namespace moevit
