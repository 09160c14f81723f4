#include "base/cpu_count.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace moevit {
namespace {

TEST(CpuCountTest, IsAtLeastOne) { EXPECT_GE(AvailableCpuCount(), 1); }

TEST(CpuCountFromQuotaTest, RoundsUpToWholeProcessors) {
  EXPECT_EQ(CpuCountFromQuota("200000 100000\n"), 2);
  EXPECT_EQ(CpuCountFromQuota("250000 100000\n"), 3);
  EXPECT_EQ(CpuCountFromQuota("1000 100000\n"), 1);
}

TEST(CpuCountFromQuotaTest, KnowsNoLimitFromOtherText) {
  for (const char* text : {"max 100000\n", "", "-1 100000", "100000",
                           "100000 0", "1 2 3", "a b"}) {
    EXPECT_EQ(CpuCountFromQuota(text), std::nullopt) << text;
  }
}

class CpuQuotaTest : public ::testing::Test {
 protected:
  CpuQuotaTest() {
    root_ = ::testing::TempDir() + "cpu_quota_test_" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
  }

  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  std::string root_;
};

TEST_F(CpuQuotaTest, TakesTheSmallestOfAllEnclosingGroups) {
  Write("/pod/container/cpu.max", "800000 100000\n");
  Write("/pod/cpu.max", "300000 100000\n");
  Write("/cpu.max", "max 100000\n");
  EXPECT_EQ(CpuQuota("0::/pod/container\n", root_), 3);
}

TEST_F(CpuQuotaTest, ReadsTheRootOfANamespace) {
  Write("/cpu.max", "400000 100000\n");
  EXPECT_EQ(CpuQuota("0::/\n", root_), 4);
}

TEST_F(CpuQuotaTest, ReadsVersionOne) {
  Write("/cpu/cpu.cfs_quota_us", "150000\n");
  Write("/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(CpuQuota("4:cpu,cpuacct:/docker/x\n", root_), 2);
}

TEST_F(CpuQuotaTest, FindsNoneWithoutControlGroups) {
  EXPECT_EQ(CpuQuota("", root_), std::nullopt);
  EXPECT_EQ(CpuQuota("0::/gone\n", root_), std::nullopt);
}

}  // namespace
}  // namespace moevit
