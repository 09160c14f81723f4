#include "planner/optimizer.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "base/file.h"
#include "gtest/gtest.h"
#include "planner/budget.h"
#include "planner/card_header.h"
#include "planner/roofline.h"
#include "program/random_program.h"
#include "program/synthetic_program.h"
#include "tests/planner/example_card.h"
#include "tests/planner/u280.h"

namespace moevit {

// What the optimizer writes declares a card that the kernels can be built for.
template struct hls::FitsCard<hls::ExampleCard>;

namespace planner {
namespace {

const Program& M3vitTiny() {
  static const auto* const program = new Program(*SyntheticProgram("m3vit_t"));
  return *program;
}

OptimizedCard Optimize(int dsp_limit) {
  OptimizerOptions options;
  options.dsp_limit = dsp_limit;
  auto best = OptimizeCard(M3vitTiny(), U280(), options);
  EXPECT_TRUE(best.ok()) << best.status();
  return *std::move(best);
}

TEST(OptimizeCardTest, IsNeverSlowerWithMoreDsps) {
  double before = 0;
  for (const int dsps : {1000, 1500, 2635, 4000, 7000, 9020}) {
    const OptimizedCard best = Optimize(dsps);
    EXPECT_TRUE(CheckBudget(best.card, dsps).ok()) << dsps;
    EXPECT_GT(best.considered, 0);
    EXPECT_GE(best.plan.ImagesPerSecond(), before) << dsps;
    before = best.plan.ImagesPerSecond();
  }
}

TEST(OptimizeCardTest, BeatsTheCardAsItIs) {
  const auto plan = MakePlan(M3vitTiny(), U280(), PlanOptions());
  ASSERT_TRUE(plan.ok());
  EXPECT_GT(Optimize(0).plan.ImagesPerSecond(), plan->ImagesPerSecond());
}

TEST(OptimizeCardTest, KeepsMultipliersBusyOnASmallModel) {
  const OptimizedCard best = Optimize(2635);
  const double per_dsp_and_cycle =
      best.plan.ProductsPerSecond() / (hls::CardResources(best.card.sizes).dsp *
                                       (best.card.sizes.megahertz * 1e6));
  EXPECT_GE(per_dsp_and_cycle, 1.5);
}

TEST(OptimizeCardTest, SaysThatNothingFits) {
  OptimizerOptions options;
  options.dsp_limit = 300;
  const absl::Status status =
      OptimizeCard(M3vitTiny(), U280(), options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(absl::StrContains(status.message(), "within 300 DSPs")) << status;
}

TEST(OptimizeCardTest, RefusesWhatNoConfigurationRuns) {
  const absl::Status status =
      OptimizeCard(RandomProgram({.experts = 17, .top_k = 17}), U280(), {})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
}

TEST(CardHeaderTest, IsWhatTheKernelsAreBuiltFor) {
  CardDescription card = U280();
  card.sizes.linear.token_lanes = 6;
  card.sizes.linear.out_lanes = 8;
  card.sizes.linear.weight_words = 1024;
  card.sizes.attention_queries = 6;
  card.sizes.units = {2, 1, 1};
  card.sizes.megahertz = 275;
  const auto expected = ReadFile("tests/planner/example_card.h", 1 << 16);
  ASSERT_TRUE(expected.ok()) << expected.status();
  EXPECT_EQ(CardHeader(card, "ExampleCard", "an example"), *expected);
  const hls::CardSizes built = hls::SizesOf<hls::ExampleCard>();
  EXPECT_EQ(built.linear.token_lanes, 6);
  EXPECT_EQ(built.linear.out_lanes, 8);
  EXPECT_EQ(built.attention_queries, 6);
  EXPECT_EQ(built.units.linear, 2);
  EXPECT_EQ(built.megahertz, 275);
  EXPECT_EQ(built.after_shell.dsp, card.sizes.after_shell.dsp);
}

TEST(RooflineSvgTest, ShowsOpsUnderRoofs) {
  const auto plan = MakePlan(M3vitTiny(), U280(), PlanOptions());
  ASSERT_TRUE(plan.ok());
  const std::string svg = RooflineSvg(*plan, U280(), Timing(), "a title");
  EXPECT_TRUE(absl::StartsWith(svg, "<svg "));
  EXPECT_TRUE(absl::EndsWith(svg, "</svg>\n"));
  for (const char* text :
       {"a title", "linear units: 6144 GOP/s", "attention units: 768 GOP/s",
        "memory: 368 GB/s", ">attention</text>", ">expert_linear</text>"}) {
    EXPECT_TRUE(absl::StrContains(svg, text)) << text;
  }
  EXPECT_FALSE(absl::StrContains(svg, ">layer_norm</text>"));
}

}  // namespace
}  // namespace planner
}  // namespace moevit
