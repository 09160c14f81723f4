#include "kernels/emulation/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace moevit::emulation {
namespace {

using ::testing::HasSubstr;

// For each of `events` equal events, "x" when a fault fires and "." otherwise.
std::string Firings(FaultPlan* plan, const FaultEvent& event, int events) {
  std::string firings;
  for (int i = 0; i < events; ++i) {
    firings += plan->Fires(event).has_value() ? "x" : ".";
  }
  return firings;
}

TEST(FaultPlanTest, NothingFiresWithoutRules) {
  FaultPlan plan;
  EXPECT_EQ(Firings(&plan, {FaultKind::kHang, 0}, 3), "...");
}

TEST(FaultPlanTest, FiresOnceAtTheFirstEventUnlessTold) {
  FaultPlan plan;
  EXPECT_EQ(plan.Add("error"), "");
  EXPECT_EQ(Firings(&plan, {FaultKind::kError, 0}, 4), "x...");
}

TEST(FaultPlanTest, CountsEvents) {
  FaultPlan plan;
  EXPECT_EQ(plan.Add("error:nth=3,every=2,count=2"), "");
  EXPECT_EQ(Firings(&plan, {FaultKind::kError, 0}, 9), "..x.x....");
}

TEST(FaultPlanTest, SomeKindsHoldUntilCleared) {
  for (const auto& [name, kind] :
       {std::pair("offline", FaultKind::kOffline),
        std::pair("open", FaultKind::kOpen),
        std::pair("no_sensor", FaultKind::kNoSensor)}) {
    FaultPlan plan;
    EXPECT_EQ(plan.Add(name), "");
    EXPECT_EQ(Firings(&plan, {kind, 1}, 3), "xxx");
    plan.Clear();
    EXPECT_EQ(Firings(&plan, {kind, 1}, 1), ".");
  }
}

TEST(FaultPlanTest, ARuleSpeaksOfTheEventsThatItNames) {
  FaultPlan plan;
  EXPECT_EQ(plan.Add("hang:card=1,unit=2,kernel=linear,count=inf"), "");
  const auto fires = [&plan](const FaultEvent& event) {
    return plan.Fires(event).has_value();
  };
  EXPECT_TRUE(fires({FaultKind::kHang, 1, 2, "linear"}));
  EXPECT_FALSE(fires({FaultKind::kError, 1, 2, "linear"}));
  EXPECT_FALSE(fires({FaultKind::kHang, 0, 2, "linear"}));
  EXPECT_FALSE(fires({FaultKind::kHang, 1, 1, "linear"}));
  EXPECT_FALSE(fires({FaultKind::kHang, 1, 2, "vector"}));
}

TEST(FaultPlanTest, CopiesHaveADirection) {
  FaultPlan plan;
  EXPECT_EQ(plan.Add("copy_error:direction=from,count=inf"), "");
  FaultEvent event = {FaultKind::kCopyError, 0};
  event.direction = CopyDirection::kToCard;
  EXPECT_FALSE(plan.Fires(event).has_value());
  event.direction = CopyDirection::kFromCard;
  EXPECT_TRUE(plan.Fires(event).has_value());
}

TEST(FaultPlanTest, SaysHowAFaultShows) {
  FaultPlan plan;
  EXPECT_EQ(plan.Add("load:errno=16;delay:ms=250"), "");
  EXPECT_EQ(plan.Fires({FaultKind::kLoad, 0})->error_number, 16);
  EXPECT_EQ(plan.Fires({FaultKind::kDelay, 0})->delay_ms, 250);
}

TEST(FaultPlanTest, EveryRuleCountsButOneFires) {
  FaultPlan plan;
  EXPECT_EQ(plan.Add("load:errno=1;load:errno=2,nth=2"), "");
  EXPECT_EQ(plan.Fires({FaultKind::kLoad, 0})->error_number, 1);
  EXPECT_EQ(plan.Fires({FaultKind::kLoad, 0})->error_number, 2);
}

TEST(FaultPlanTest, CountsFaultsByCard) {
  FaultPlan plan;
  EXPECT_EQ(plan.Add("error:count=2"), "");
  Firings(&plan, {FaultKind::kError, 3}, 5);
  EXPECT_EQ(plan.fired(3), 2);
  EXPECT_EQ(plan.fired(0), 0);
  EXPECT_EQ(plan.fired(7), 0);
}

TEST(FaultPlanTest, RefusesWhatItDoesNotUnderstand) {
  for (const char* rules :
       {"fire", "hang:card", "hang:card=", "hang:card=x", "hang:card=-1",
        "hang:colour=1", "hang:nth=0", "hang:count=0", "hang:every=0",
        "copy_error:direction=up", "hang;;nothing",
        "hang:kernel=", "hang:nth=99999999999999999999"}) {
    FaultPlan plan;
    const std::string wrong = plan.Add(rules);
    EXPECT_NE(wrong, "") << rules;
    EXPECT_EQ(Firings(&plan, {FaultKind::kHang, 0}, 1), ".") << rules;
  }
  FaultPlan plan;
  EXPECT_THAT(plan.Add("hang:nth=0"), HasSubstr("nth=0"));
}

}  // namespace
}  // namespace moevit::emulation
