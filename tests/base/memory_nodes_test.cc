#include "base/memory_nodes.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/thread_affinity.h"
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

TEST(MemoryNodesTest, GivesTheseProcessorsByNode) {
  const std::string root = ::testing::TempDir() + "/memory_nodes_test_ByNode";
  std::filesystem::remove_all(root);
  for (const auto& [node, list] :
       {std::pair("node0", "0-3"), {"node1", "4-7"}, {"node2", ""}}) {
    std::filesystem::create_directories(root + "/" + node);
    std::ofstream(root + "/" + node + "/cpulist") << list << "\n";
  }
  std::ofstream(root + "/online") << "0-2\n";
  EXPECT_THAT(ProcessorsByMemoryNode(root, {0, 1, 2}),
              ElementsAre(ElementsAre(0, 1, 2)));
  EXPECT_THAT(ProcessorsByMemoryNode(root, {3, 4, 6, 9}),
              ElementsAre(ElementsAre(3), ElementsAre(4, 6)));
  EXPECT_THAT(ProcessorsByMemoryNode(root, {9}), IsEmpty());
  EXPECT_THAT(ProcessorsByMemoryNode(root + "/none", {0}), IsEmpty());
}

TEST(MemoryNodesTest, OfThisProcessAreDisjointPartsOfItsProcessors) {
  std::vector<int> all;
  for (const std::vector<int>& node : ProcessorsByMemoryNode()) {
    all.insert(all.end(), node.begin(), node.end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_TRUE(std::adjacent_find(all.begin(), all.end()) == all.end());
  const std::vector<int> allowed = AllowedProcessors();
  EXPECT_TRUE(
      std::includes(allowed.begin(), allowed.end(), all.begin(), all.end()));
}

}  // namespace
}  // namespace moevit
