#include "quantize/value_name.h"

#include <optional>

#include "gtest/gtest.h"

namespace moevit {
namespace {

TEST(BlockOfTest, ReadsTheNumber) {
  EXPECT_EQ(BlockOf("blocks.0.norm1"), 0);
  EXPECT_EQ(BlockOf("blocks.13.attn.qkv"), 13);
}

TEST(BlockOfTest, HasNothingForOtherNames) {
  EXPECT_EQ(BlockOf(""), std::nullopt);
  EXPECT_EQ(BlockOf("embedding"), std::nullopt);
  EXPECT_EQ(BlockOf("blocks."), std::nullopt);
  EXPECT_EQ(BlockOf("blocks.x.norm1"), std::nullopt);
  EXPECT_EQ(BlockOf("blocks.-1.norm1"), std::nullopt);
  EXPECT_EQ(BlockOf("blocks.99999999999.norm1"), std::nullopt);
}

TEST(KindOfTest, GoesByTheLastPart) {
  EXPECT_EQ(KindOf("embedding"), ValueKind::kResidual);
  EXPECT_EQ(KindOf("blocks.1.residual2"), ValueKind::kResidual);
  EXPECT_EQ(KindOf("norm"), ValueKind::kNorm);
  EXPECT_EQ(KindOf("blocks.1.norm2"), ValueKind::kNorm);
  EXPECT_EQ(KindOf("blocks.1.attn.qkv"), ValueKind::kQkv);
  EXPECT_EQ(KindOf("blocks.1.attn.mixed"), ValueKind::kMixed);
  EXPECT_EQ(KindOf("blocks.1.mlp.hidden"), ValueKind::kHidden);
}

TEST(KindOfTest, TakesAnyName) {
  EXPECT_EQ(KindOf(""), ValueKind::kOther);
  EXPECT_EQ(KindOf("norm."), ValueKind::kOther);
  EXPECT_EQ(KindOf("logits"), ValueKind::kOther);
}

}  // namespace
}  // namespace moevit
