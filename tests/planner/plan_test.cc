#include "planner/plan.h"

#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "planner/budget.h"
#include "program/synthetic_program.h"
#include "tests/planner/u280.h"

namespace moevit::planner {
namespace {

const Program& M3vitSmall() {
  static const auto* const program = new Program(*SyntheticProgram("m3vit_s"));
  return *program;
}

// One unit of each kernel.
CardDescription OnePipeline() {
  CardDescription card = U280();
  card.sizes.units = {1, 1, 1};
  return card;
}

Plan PlanOf(const CardDescription& card, const PlanOptions& options = {}) {
  absl::StatusOr<Plan> plan = MakePlan(M3vitSmall(), card, options);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return *std::move(plan);
}

double ProductsPerDspAndCycle(const Plan& plan, const CardDescription& card) {
  return plan.ProductsPerSecond() /
         (hls::CardResources(card.sizes).dsp * (card.sizes.megahertz * 1e6));
}

// Published: CoQMoE, M3ViT-S on a U280 at 250 MHz with 2,635 DSPs.
constexpr double kCoqmoeImagesPerSecond = 1 / 9.16e-3;
constexpr int kCoqmoeDsps = 2635;

TEST(MakePlanTest, CountsTheOperationsThatPublishedFiguresCount) {
  const Plan plan = PlanOf(U280(), {.batch = 1});
  EXPECT_NEAR(2.0 * static_cast<double>(plan.products), 9.2e9, 0.05e9);
}

TEST(MakePlanTest, DoublesCoqmoesImagesWithItsDsps) {
  const CardDescription card = OnePipeline();
  EXPECT_TRUE(CheckBudget(card, kCoqmoeDsps).ok());
  const Plan plan = PlanOf(card);
  EXPECT_GE(plan.ImagesPerSecond(), 2 * kCoqmoeImagesPerSecond);
  EXPECT_GE(ProductsPerDspAndCycle(plan, card), 1.5);
}

TEST(MakePlanTest, GivesFiveTimesCoqmoesImagesWithTheWholeCard) {
  const Plan plan = PlanOf(U280());
  EXPECT_GE(plan.ImagesPerSecond(), 5 * kCoqmoeImagesPerSecond);
  EXPECT_GE(ProductsPerDspAndCycle(plan, U280()), 1.5);
}

TEST(MakePlanTest, IsNeverSlowerWithTwiceTheBatch) {
  double before = 0;
  for (int batch = 1; batch <= 64; batch *= 2) {
    const double rate =
        PlanOf(OnePipeline(), {.batch = batch}).ImagesPerSecond();
    EXPECT_GE(rate, before) << batch;
    before = rate;
  }
}

TEST(MakePlanTest, IsNeverSlowerWithMoreUnits) {
  double before = 0;
  for (int units = 1; units <= 3; ++units) {
    CardDescription card = U280();
    card.sizes.units = {units, units, 1};
    const double rate = PlanOf(card).ImagesPerSecond();
    EXPECT_GE(rate, before) << units;
    before = rate;
  }
}

TEST(MakePlanTest, IsFasterWithAFasterClock) {
  double before = 0;
  for (int megahertz = 200; megahertz <= 300; megahertz += 25) {
    CardDescription card = U280();
    card.sizes.megahertz = megahertz;
    const double rate = PlanOf(card).ImagesPerSecond();
    EXPECT_GT(rate, before) << megahertz;
    before = rate;
  }
}

TEST(MakePlanTest, OneBatchInFlightLeavesTheCardAsItEnters) {
  const Plan plan = PlanOf(OnePipeline(), {.batch = 4, .batches_in_flight = 1});
  EXPECT_EQ(plan.Limit().name, "batches in flight");
  EXPECT_DOUBLE_EQ(plan.period_seconds, plan.latency_seconds);
}

TEST(MakePlanTest, LatencyIsTheSumOfItsOps) {
  const Plan plan = PlanOf(U280(), {.batch = 2});
  double sum = 0;
  int64_t products = 0;
  for (const OpPlan& op : plan.ops) {
    sum += op.seconds;
    products += op.products;
  }
  EXPECT_DOUBLE_EQ(plan.latency_seconds, sum);
  EXPECT_EQ(plan.products, products);
}

TEST(MakePlanTest, FindsWhatBindsAnOp) {
  PlanOptions slow_launches = {.batch = 1};
  slow_launches.timing.launch_seconds = 1.0;
  PlanOptions slow_memory = {.batch = 8};
  slow_memory.timing.memory_efficiency = 1e-4;
  PlanOptions slow_copies = {.batch = 1};
  slow_copies.timing.copy_seconds = 10.0;
  for (const OpPlan& op : PlanOf(U280(), slow_launches).ops) {
    EXPECT_EQ(op.bound, op.launches > 0 ? Bound::kLaunch : Bound::kPcie);
  }
  for (const OpPlan& op : PlanOf(U280(), slow_memory).ops) {
    if (op.launches > 0) {
      EXPECT_EQ(op.bound, Bound::kMemory) << op.name;
    }
  }
  for (const OpPlan& op : PlanOf(U280(), slow_copies).ops) {
    EXPECT_EQ(op.bound == Bound::kPcie, op.copied_bytes > 0) << op.name;
  }
}

TEST(MakePlanTest, OneExpertForAllTokensSavesTheLoadsOfTheOthers) {
  ExpertLoad one_takes_all;
  one_takes_all.tokens.assign(6, std::vector<int64_t>(16, 0));
  for (std::vector<int64_t>& layer : one_takes_all.tokens) layer[3] = 2 * 197;
  // One image: loading sixteen experts takes longer than their products.
  const PlanOptions even = {.batch = 1};
  PlanOptions uneven = even;
  uneven.load = &one_takes_all;
  EXPECT_LT(PlanOf(OnePipeline(), uneven).period_seconds,
            PlanOf(OnePipeline(), even).period_seconds);
}

TEST(MakePlanTest, WattsReproduceThePublishedPoint) {
  const Power power;
  EXPECT_NEAR(power.idle_watts + power.joules_per_product * 1004.3e9 / 2, 33.7,
              1e-9);
  const Plan plan = PlanOf(U280());
  EXPECT_GT(plan.watts, power.idle_watts);
}

TEST(SumByKindTest, KeepsTheTotals) {
  const Plan plan = PlanOf(U280());
  const std::vector<OpPlan> kinds = SumByKind(plan.ops);
  EXPECT_LT(kinds.size(), plan.ops.size());
  const auto launches = [](const std::vector<OpPlan>& ops) {
    return std::accumulate(
        ops.begin(), ops.end(), 0,
        [](int sum, const OpPlan& op) { return sum + op.launches; });
  };
  EXPECT_EQ(launches(kinds), launches(plan.ops));
  for (const OpPlan& kind : kinds) EXPECT_LE(kind.Utilization(), 1.0);
}

TEST(CheckBudgetTest, AdmitsEveryCardAsItIs) {
  for (const absl::string_view name : CardNames()) {
    const auto card = DescribeCard(name);
    ASSERT_TRUE(card.ok());
    EXPECT_EQ(card->name, name);
    EXPECT_TRUE(CheckBudget(*card, /*dsp_limit=*/0).ok());
  }
}

TEST(CheckBudgetTest, RefusesNamingNeedAndLimit) {
  absl::Status status = CheckBudget(U280(), kCoqmoeDsps);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  const std::string expected =
      absl::StrCat("DSP: they need ", hls::CardResources(U280().sizes).dsp,
                   ", the limit is ", kCoqmoeDsps);
  EXPECT_TRUE(absl::StrContains(status.message(), expected)) << status;
  CardDescription card = U280();  // small units, but many
  card.sizes.linear.token_lanes = 2;
  card.sizes.attention_queries = 2;
  card.sizes.units.vector = 2;
  status = CheckBudget(card, /*dsp_limit=*/0);
  EXPECT_TRUE(absl::StrContains(status.message(),
                                "memory ports: they need 37, the limit is 32"))
      << status;
}

TEST(DescribeCardTest, RefusesUnknownNamesListingTheKnownOnes) {
  const absl::Status status = DescribeCard("u50").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "\"u50\" is none of u250, u280, u55c");
}

}  // namespace
}  // namespace moevit::planner
