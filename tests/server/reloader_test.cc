#include "server/reloader.h"

#include <new>
#include <semaphore>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

// Has a source read once for each of `outcomes`; returns what was logged.
std::vector<std::string> LogOf(
    const std::vector<absl::StatusOr<bool>>& outcomes) {
  ::testing::internal::CaptureStderr();
  {
    std::counting_semaphore read(0);
    size_t next = 0;
    Reloader reloader({{"tokens",
                        [&] {
                          const auto outcome = outcomes[next++];
                          read.release();
                          return outcome;
                        }}},
                      absl::InfiniteDuration());
    for (size_t i = 0; i < outcomes.size(); ++i) {
      reloader.Wake();
      read.acquire();
    }
  }
  return absl::StrSplit(::testing::internal::GetCapturedStderr(), '\n',
                        absl::SkipEmpty());
}

TEST(ReloaderTest, LogsWhatChangedAndNothingElse) {
  EXPECT_THAT(LogOf({false, true, false}),
              ElementsAre(EndsWith("INFO read new tokens")));
}

TEST(ReloaderTest, LogsAnErrorOnceAsLongAsItLasts) {
  const absl::Status bad = absl::InvalidArgumentError("line 3");
  EXPECT_THAT(LogOf({bad, bad, absl::NotFoundError("gone"), false, bad}),
              ElementsAre(EndsWith("the old tokens stay in use: line 3"),
                          EndsWith("gone"), EndsWith("line 3")));
}

TEST(ReloaderTest, AnExceptionIsAnErrorLikeOthers) {
  ::testing::internal::CaptureStderr();
  {
    std::counting_semaphore read(0);
    Reloader reloader({{"tokens",
                        [&]() -> absl::StatusOr<bool> {
                          read.release();
                          throw std::bad_alloc();
                        }}},
                      absl::InfiniteDuration());
    for (int i = 0; i < 2; ++i) {
      reloader.Wake();
      read.acquire();
    }
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("the old tokens stay in use: there was not enough "
                        "memory"));
}

TEST(ReloaderTest, ReadsByItselfEveryInterval) {
  std::counting_semaphore read(0);
  Reloader reloader({{"tokens",
                      [&] {
                        read.release();
                        return false;
                      }}},
                    absl::Milliseconds(1));
  read.acquire();
  read.acquire();
}

}  // namespace
}  // namespace moevit
