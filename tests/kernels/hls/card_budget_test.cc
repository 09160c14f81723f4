#include "kernels/hls/card_budget.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace moevit {
namespace hls {

// The assertions themselves, at compile time.
template struct FitsCard<U280>;
template struct FitsCard<U55C>;
template struct FitsCard<U250>;

namespace {

TEST(CardBudgetTest, AddsUpTheUnits) {
  const Resources linear = LinearResources(U280::kLinear);
  const Resources attention = AttentionResources(U280::kAttentionQueries);
  const Resources vector = VectorResources();
  EXPECT_EQ(CardResources(SizesOf<U280>()).dsp,
            3 * linear.dsp + 3 * attention.dsp + vector.dsp);
  EXPECT_EQ(CardPorts(SizesOf<U280>()), 32);
}

// Matrix products of an image of M3ViT-S as CoQMoE counts them: 9.2 GOP.
constexpr int64_t kM3vitSmallProducts = 4600000000;
constexpr int kCoqmoeDsps = 2635;

// One unit of each kernel is an accelerator of CoQMoE's size on a U280.
TEST(CardBudgetTest, OneUnitOfEachKernelTakesNoMoreDspsThanCoqmoe) {
  const Resources units = LinearResources(U280::kLinear) +
                          AttentionResources(U280::kAttentionQueries) +
                          VectorResources();
  EXPECT_LE(units.dsp, kCoqmoeDsps);
  // Products per DSP and cycle, all DSPs counted: at least 1.5 of 2.
  EXPECT_GE(2 * LinearProducts(U280::kLinear), 3 * units.dsp);
}

TEST(CardBudgetTest, MultipliersAllowFiveTimesCoqmoesImages) {
  const int64_t products_per_second = int64_t{U280::kUnits.linear} *
                                      LinearProducts(U280::kLinear) *
                                      U280::kMegahertz * 1000000;
  EXPECT_GE(products_per_second, 5 * 109 * kM3vitSmallProducts);
}

}  // namespace
}  // namespace hls
}  // namespace moevit
