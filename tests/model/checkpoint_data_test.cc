// Reads the really trained model, where it is at hand: $MOEVIT_DATA, by default
// ../shared/data.

#include <cstdlib>
#include <filesystem>
#include <string>

#include "gtest/gtest.h"
#include "model/checkpoint.h"

namespace moevit {
namespace {

TEST(CheckpointDataTest, LoadsTheTrainedModel) {
  const char* const root = std::getenv("MOEVIT_DATA");
  const std::string directory =
      std::string(root != nullptr ? root : "../shared/data") +
      "/cifar10-moe-vit";
  if (!std::filesystem::exists(directory)) {
    GTEST_SKIP() << directory << " is not there; set MOEVIT_DATA";
  }
  const auto checkpoint = LoadCheckpoint(directory);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  ASSERT_EQ(checkpoint->blocks.size(), 6u);
  for (int i = 0; i < 6; ++i) {
    const BlockWeights& block = checkpoint->blocks[i];
    EXPECT_EQ(block.mlps.size(), i % 2 == 1 ? 8u : 1u);
    EXPECT_EQ(block.gate.has_value(), i % 2 == 1);
  }
  EXPECT_EQ(checkpoint->positions.size(), 65u * 192u);
  EXPECT_EQ(checkpoint->head.weight.size(), 10u * 192u);
  EXPECT_EQ(checkpoint->config.class_names.at(3), "cat");
}

}  // namespace
}  // namespace moevit
