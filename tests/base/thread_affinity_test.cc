#include "base/thread_affinity.h"

#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;

class ScopedAffinityTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_FALSE(before_.empty()); }

  const std::vector<int> before_ = AllowedProcessors();
};

TEST_F(ScopedAffinityTest, BindsTheThreadForItsTime) {
  {
    const ScopedAffinity bound({before_.back()});
    EXPECT_THAT(AllowedProcessors(), ElementsAre(before_.back()));
  }
  EXPECT_EQ(AllowedProcessors(), before_);
}

TEST_F(ScopedAffinityTest, ThreadsStartedMeanwhileStayBound) {
  std::vector<int> seen;
  std::thread started;
  {
    const ScopedAffinity bound({before_.back()});
    started = std::thread([&seen] { seen = AllowedProcessors(); });
  }
  started.join();
  EXPECT_THAT(seen, ElementsAre(before_.back()));
}

TEST_F(ScopedAffinityTest, LeavesAThreadAloneThatCannotBeBound) {
  for (const std::vector<int>& processors :
       {std::vector<int>{}, {-1}, {1 << 20}, {CPU_SETSIZE - 1}}) {
    const ScopedAffinity bound(processors);
    EXPECT_EQ(AllowedProcessors(), before_);
  }
}

}  // namespace
}  // namespace moevit
