#include "kernels/cpu/schedule.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace moevit::cpu {
namespace {

StepUse Rows(int rows) { return {Scope::kRows, rows, {}}; }
StepUse Images() { return {Scope::kImages, 0, {}}; }
StepUse WholeBatch() { return {Scope::kBatch, 0, {}}; }

// Segments in braces, those of the whole batch with an exclamation mark;
// stages as first-end, with their rows.
std::string Text(const std::vector<StepUse>& steps) {
  std::string text;
  for (const Segment& segment : MakeSchedule(steps)) {
    absl::StrAppend(&text, segment.whole_batch ? "!{" : "{");
    for (const Stage& stage : segment.stages) {
      absl::StrAppend(&text, " ", stage.first, "-", stage.end);
      if (stage.rows > 0) absl::StrAppend(&text, "x", stage.rows);
    }
    absl::StrAppend(&text, " }");
  }
  return text;
}

TEST(MakeScheduleTest, StepsOfEqualRowsMakeAStage) {
  EXPECT_EQ(Text({Rows(5), Rows(5), Rows(5)}), "{ 0-3x5 }");
}

TEST(MakeScheduleTest, OtherRowsBeginAStage) {
  EXPECT_EQ(Text({Rows(5), Rows(1), Rows(1)}), "{ 0-1x5 1-3x1 }");
}

TEST(MakeScheduleTest, AStepOverAnImageIsAStageOfTheSameSegment) {
  EXPECT_EQ(Text({Images(), Rows(5), Rows(5), Images(), Images(), Rows(5)}),
            "{ 0-1 1-3x5 3-4 4-5 5-6x5 }");
}

TEST(MakeScheduleTest, AStepOverTheBatchIsASegment) {
  EXPECT_EQ(Text({Rows(5), WholeBatch(), WholeBatch(), Rows(5)}),
            "{ 0-1x5 }!{ 1-2 }!{ 2-3 }{ 3-4x5 }");
}

TEST(MakeScheduleTest, NoStepsMakeNoSegments) { EXPECT_EQ(Text({}), ""); }

TEST(MakeScheduleTest, ASegmentReachesOverItsStages) {
  const std::vector<Segment> schedule =
      MakeSchedule({WholeBatch(), Rows(5), Images(), Rows(5)});
  ASSERT_EQ(schedule.size(), 2u);
  EXPECT_EQ(schedule[1].first(), 1);
  EXPECT_EQ(schedule[1].end(), 4);
}

}  // namespace
}  // namespace moevit::cpu
