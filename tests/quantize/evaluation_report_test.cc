#include "quantize/evaluation_report.h"

#include <string>

#include "absl/time/time.h"
#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "quantize/evaluation.h"
#include "quantize/paired_comparison.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ModelScore Score(const std::string& name, int right) {
  ModelScore score;
  score.name = name;
  score.top1_right = right;
  score.top5_right = 195;
  score.cross_entropy = 0.5;
  score.compute_time = absl::Seconds(4);
  return score;
}

Evaluation Alone() {
  Evaluation evaluation;
  evaluation.images = 200;
  evaluation.threads = 2;
  evaluation.elapsed = absl::Seconds(3);
  evaluation.model = Score("integer", 150);
  return evaluation;
}

Evaluation SideBySide() {
  Evaluation evaluation = Alone();
  evaluation.against = Score("float", 151);
  PairedComparison comparison;
  comparison.both_right = 148;
  comparison.only_model_right = 2;
  comparison.only_other_right = 3;
  comparison.both_wrong = 47;
  comparison.same_prediction = 190;
  evaluation.comparison = comparison;
  return evaluation;
}

TEST(EvaluationToTextTest, ShowsOneModel) {
  const std::string text = EvaluationToText(Alone());
  EXPECT_THAT(text, HasSubstr("200 images, 2 threads, 3.0 s"));
  EXPECT_THAT(text, HasSubstr("75.00 %"));
  EXPECT_THAT(text, HasSubstr("97.50 %"));
  EXPECT_THAT(text, HasSubstr("100.0\n"));
  EXPECT_THAT(text, Not(HasSubstr("difference")));
}

TEST(EvaluationToTextTest, ShowsTheComparison) {
  const std::string text = EvaluationToText(SideBySide());
  EXPECT_THAT(text, HasSubstr("only integer right"));
  EXPECT_THAT(text, HasSubstr("only float right"));
  EXPECT_THAT(text, HasSubstr("95.00 %"));
  EXPECT_THAT(text, HasSubstr("top-1 difference -0.50 points, 95 % interval"));
}

TEST(EvaluationToJsonTest, HoldsTheNumbers) {
  const Json json = Json::parse(EvaluationToJson(SideBySide()));
  EXPECT_EQ(json["images"], 200);
  EXPECT_EQ(json["model"]["name"], "integer");
  EXPECT_EQ(json["model"]["top1"], 0.75);
  EXPECT_EQ(json["model"]["images_per_second"], 100.0);
  EXPECT_EQ(json["against"]["top1_right"], 151);
  EXPECT_EQ(json["comparison"]["agreement"], 0.95);
  EXPECT_EQ(json["comparison"]["top1_difference"], -0.005);
  EXPECT_EQ(json["comparison"]["top1_difference_95"].size(), 2u);
}

TEST(EvaluationToJsonTest, HasNoComparisonForOneModel) {
  const Json json = Json::parse(EvaluationToJson(Alone()));
  EXPECT_FALSE(json.contains("against"));
  EXPECT_FALSE(json.contains("comparison"));
}

TEST(EvaluationToJsonTest, SurvivesANameThatIsNotUtf8) {
  Evaluation evaluation = Alone();
  evaluation.model.name = "caf\xe9";
  EXPECT_TRUE(Json::accept(EvaluationToJson(evaluation)));
}

}  // namespace
}  // namespace moevit
