// A build without XRT.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "kernels/card/emulated_cards.h"
#include "kernels/card/xrt_card.h"

namespace moevit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(XrtAbsentTest, SaysWhichCardCannotBeOpenedAndWhy) {
  XrtCardOptions options;
  options.bus_address = "0000:3b:00.1";
  const absl::Status status = OpenXrtCard(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("0000:3b:00.1"), HasSubstr("MOEVIT_WITH_XRT")));
  EXPECT_EQ(ReadCardImage("some.xclbin").status().code(),
            absl::StatusCode::kUnimplemented);
}

TEST(XrtAbsentTest, SaysWhyThereAreNoEmulatedCards) {
  char* argv[] = {nullptr};
  const absl::Status status = EnsureEmulatedCards(1, argv);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("MOEVIT_WITH_XRT"));
  EXPECT_EQ(EmulatedCardImage().status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace moevit
