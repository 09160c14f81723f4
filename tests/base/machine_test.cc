#include "base/machine.h"

#include <string>

#include "gtest/gtest.h"

namespace moevit {
namespace {

TEST(ProcessorNameTest, IsTheFirstModelName) {
  EXPECT_EQ(ProcessorName("processor\t: 0\nmodel\t\t: 17\n"
                          "model name\t: Some CPU @ 2:1 GHz \n\n"
                          "model name\t: another\n"),
            "Some CPU @ 2:1 GHz");
}

TEST(ProcessorNameTest, IsUnknownWhereTheSystemDoesNotSay) {
  EXPECT_EQ(ProcessorName(""), "unknown");
  EXPECT_EQ(ProcessorName("processor\t: 0\nBogoMIPS\t: 50.00\n"), "unknown");
}

TEST(ProcessorNameTest, IsNeverEmptyOnThisMachine) {
  EXPECT_NE(ProcessorName(), "");
}

TEST(PeakResidentBytesTest, GrowsWithWhatIsTouched) {
  constexpr size_t kBytes = size_t{32} << 20;
  const std::string touched(kBytes, 'x');
  EXPECT_GE(PeakResidentBytes(), static_cast<int64_t>(touched.size()));
  EXPECT_GE(ResidentBytes(), static_cast<int64_t>(touched.size()));
}

TEST(ProcessorTimeTest, GrowsWithWork) {
  const absl::Duration before = ProcessorTime();
  while (ProcessorTime() == before) {
  }
  EXPECT_GT(ProcessorTime(), before);
}

}  // namespace
}  // namespace moevit
