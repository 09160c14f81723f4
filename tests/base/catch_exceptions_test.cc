#include "base/catch_exceptions.h"

#include <memory>
#include <stdexcept>
#include <string>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/allocation_faults.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

TEST(CatchExceptionsTest, PassesOnWhatIsReturned) {
  const auto answer = [] { return absl::StatusOr<int>(42); };
  EXPECT_EQ(CatchExceptions("add", answer).value(), 42);
  const auto error = [] { return absl::NotFoundError("no"); };
  EXPECT_EQ(CatchExceptions("add", error), absl::NotFoundError("no"));
}

TEST(CatchExceptionsTest, ALackOfMemoryIsNamed) {
  const absl::Status status =
      CatchExceptions("add", []() -> absl::Status { throw std::bad_alloc(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("not enough memory to add"));
}

TEST(CatchExceptionsTest, OtherExceptionsAreFaults) {
  const absl::Status status = CatchExceptions(
      "add", []() -> absl::Status { throw std::runtime_error("sum lost"); });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(status.message(), HasSubstr("could not add: sum lost"));
  EXPECT_EQ(CatchExceptions("add", []() -> absl::Status { throw 7; }).code(),
            absl::StatusCode::kInternal);
}

TEST(CatchExceptionsTest, ALackOfMemoryIsNamedEvenWithoutMemoryForItsName) {
  absl::Status status;
  {
    const AllocationFaults faults(EveryAllocationHere());
    status = CatchExceptions("add", [] {
      static_cast<void>(std::make_unique<std::string>(1000, 'x'));
      return absl::OkStatus();
    });
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
}

TEST(IgnoreExceptionsTest, LeavesUndoneWhatThrows) {
  bool begun = false;
  IgnoreExceptions([&] {
    begun = true;
    throw std::runtime_error("sum lost");
  });
  EXPECT_TRUE(begun);
}

}  // namespace
}  // namespace moevit
