#include "server/card_node.h"

#include <optional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/energy/fake_sysfs.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kCard[] = "0000:3b:00.1";
constexpr char kDrm[] = "/sys/bus/pci/devices/0000:3b:00.1/drm";
constexpr char kNode[] = "/dev/dri/renderD128";

class CardNodeTest : public ::testing::Test {
 protected:
  CardNodeTest() {
    sysfs_.Write(std::string(kDrm) + "/renderD128/dev", "226:128");
    sysfs_.Write(kNode, "");
  }

  std::string Why() const { return WhyCardIsClosed(kCard, sysfs_.root()); }

  FakeSysfs sysfs_;
};

TEST_F(CardNodeTest, HasNoReasonForACardThatIsInOrder) {
  EXPECT_THAT(Why(), IsEmpty());
}

TEST_F(CardNodeTest, HasNoReasonForACardThatIsNotThere) {
  EXPECT_THAT(WhyCardIsClosed("0000:af:00.1", sysfs_.root()), IsEmpty());
}

TEST_F(CardNodeTest, NamesANodeWithoutPermissionItsModeAndItsGroup) {
  sysfs_.Deny(kNode);
  const std::optional<WithoutPrivileges> unprivileged(std::in_place);
  EXPECT_THAT(Why(), HasSubstr("no permission on " + sysfs_.root() + kNode +
                               " (mode 0, group "));
}

TEST_F(CardNodeTest, NamesANodeThatIsMissing) {
  sysfs_.Remove(kNode);
  EXPECT_THAT(Why(), HasSubstr(std::string(kNode) + " is missing"));
}

TEST_F(CardNodeTest, SaysThatACardIsNotReady) {
  sysfs_.Remove(kDrm);
  EXPECT_THAT(Why(), HasSubstr("no render node"));
}

}  // namespace
}  // namespace moevit
