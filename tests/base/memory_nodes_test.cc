#include "base/memory_nodes.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MemoryNodesTest, ReadsListsOfProcessors) {
  EXPECT_THAT(ProcessorsInList("0-2,7\n"), ElementsAre(0, 1, 2, 7));
  EXPECT_THAT(ProcessorsInList("5"), ElementsAre(5));
}

TEST(MemoryNodesTest, TakesNothingFromOtherText) {
  for (const char* text : {"", "\n", "a", "1-", "-1", "3-1", "1,,2",
                           "0-99999999", "99999999999"}) {
    EXPECT_THAT(ProcessorsInList(text), IsEmpty()) << text;
  }
}

TEST(MemoryNodesTest, CountsNodesOfTheseProcessors) {
  const std::string root =
      ::testing::TempDir() + "/memory_nodes_test_CountsNodes";
  std::filesystem::remove_all(root);
  for (const auto& [node, list] :
       {std::pair("node0", "0-3"), {"node1", "4-7"}, {"node2", ""}}) {
    std::filesystem::create_directories(root + "/" + node);
    std::ofstream(root + "/" + node + "/cpulist") << list << "\n";
  }
  std::ofstream(root + "/online") << "0-2\n";
  EXPECT_EQ(CountMemoryNodes(root, {0, 1, 2}), 1);
  EXPECT_EQ(CountMemoryNodes(root, {3, 4}), 2);
  EXPECT_EQ(CountMemoryNodes(root, {9}), 0);
  EXPECT_EQ(CountMemoryNodes(root + "/none", {0}), 0);
}

TEST(MemoryNodesTest, ThisProcessRunsOnOneAtLeast) {
  EXPECT_GE(UsedMemoryNodes(), 1);
}

}  // namespace
}  // namespace moevit
