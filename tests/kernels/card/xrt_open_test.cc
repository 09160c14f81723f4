// Which cards and images are opened.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "base/file.h"
#include "kernels/card/xrt_card.h"
#include "tests/kernels/card/xrt_card_fixture.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

TEST_F(XrtCardTest, OpensNoCardThatIsNotThere) {
  XrtCardOptions options = TestCardOptions(0);
  options.bus_address = "0000:0a:00.1";
  const absl::Status missing = OpenXrtCard(options).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound) << missing;
  EXPECT_THAT(std::string(missing.message()), HasSubstr("0000:0a:00.1"));
  options.bus_address = "no address";
  EXPECT_FALSE(OpenXrtCard(options).ok());
}

TEST_F(XrtCardTest, RefusesImagesThatAreMissingOrDamaged) {
  XrtCardOptions options = TestCardOptions(0);
  options.image_path = "/nonexistent.xclbin";
  EXPECT_EQ(OpenXrtCard(options).status().code(), absl::StatusCode::kNotFound);
  options.image_path = "/proc/self/exe";
  EXPECT_EQ(OpenXrtCard(options).status().code(),
            absl::StatusCode::kInvalidArgument);
  // Of any length, since XRT does not look how long it is.
  const std::string whole = *ReadFile(MOEVIT_TEST_CARD_IMAGE, 1 << 20);
  options.image_path = ::testing::TempDir() + "/part.xclbin";
  for (const size_t bytes :
       {size_t{0}, size_t{100}, size_t{3000}, whole.size() - 1}) {
    ASSERT_TRUE(WriteFile(options.image_path, whole.substr(0, bytes)).ok());
    EXPECT_FALSE(OpenXrtCard(options).ok()) << bytes;
  }
}

TEST_F(XrtCardTest, RefusesAnImageWithAnotherUuid) {
  XrtCardOptions options = TestCardOptions(0);
  options.image_uuid = "00000000-0000-0000-0000-000000000000";
  const absl::Status refused = OpenXrtCard(options).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("its UUID is"));
}

TEST_F(XrtCardTest, RefusesAnImageForAnotherShell) {
  XrtCardOptions options = TestCardOptions(0);
  options.image_path = MOEVIT_OTHER_SHELL_IMAGE;
  const absl::Status refused = OpenXrtCard(options).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("it is for shell"));
}

TEST_F(XrtCardTest, RefusesAnotherImageWhileTheCardIsInUse) {
  XrtCardOptions options = TestCardOptions(0);
  options.image_path = MOEVIT_OTHER_IMAGE;
  EXPECT_EQ(OpenXrtCard(options).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace moevit
