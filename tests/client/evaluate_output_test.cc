#include "client/evaluate_output.h"

#include <string>

#include "absl/time/time.h"
#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

Evaluation OneModel() {
  Evaluation evaluation;
  evaluation.images = 400;
  evaluation.threads = 2;
  evaluation.elapsed = absl::Seconds(3);
  evaluation.model = {.name = "quantized",
                      .top1_right = 301,
                      .top5_right = 390,
                      .cross_entropy = 0.75,
                      .compute_time = absl::Seconds(4)};
  return evaluation;
}

Evaluation TwoModels() {
  Evaluation evaluation = OneModel();
  evaluation.against = {.name = "float",
                        .top1_right = 305,
                        .top5_right = 391,
                        .cross_entropy = 0.7,
                        .compute_time = absl::Seconds(2)};
  evaluation.comparison = {.both_right = 298,
                           .only_model_right = 3,
                           .only_other_right = 7,
                           .both_wrong = 92,
                           .same_prediction = 380};
  return evaluation;
}

TEST(EvaluateOutputTest, WritesOneModelAsText) {
  EXPECT_EQ(EvaluationToText(OneModel()),
            "quantized\n"
            "  top-1             75.25 % (301 of 400)\n"
            "  top-5             97.50 % (390 of 400)\n"
            "  cross-entropy     0.7500\n"
            "  speed             200.0 images/s on 2 threads\n");
}

TEST(EvaluateOutputTest, WritesComparisonAsText) {
  const std::string text = EvaluationToText(TwoModels());
  EXPECT_THAT(text, HasSubstr("float\n  top-1             76.25 %"));
  EXPECT_THAT(text, HasSubstr("same prediction   95.00 %"));
  EXPECT_THAT(text, HasSubstr("top-1 difference  -1.00 points, 95 % interval"));
}

TEST(EvaluateOutputTest, WritesOneModelAsJson) {
  const std::string text = EvaluationToJson(OneModel());
  const Json json = Json::parse(text);
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(json["images"], 400);
  EXPECT_EQ(json["threads"], 2);
  EXPECT_DOUBLE_EQ(json["elapsed_s"], 3);
  EXPECT_EQ(json["model"]["name"], "quantized");
  EXPECT_DOUBLE_EQ(json["model"]["top1"], 0.7525);
  EXPECT_DOUBLE_EQ(json["model"]["top5"], 0.975);
  EXPECT_DOUBLE_EQ(json["model"]["cross_entropy"], 0.75);
  EXPECT_DOUBLE_EQ(json["model"]["images_per_s"], 200);
  EXPECT_FALSE(json.contains("against"));
  EXPECT_FALSE(json.contains("comparison"));
}

TEST(EvaluateOutputTest, WritesComparisonAsJson) {
  const Json json = Json::parse(EvaluationToJson(TwoModels()));
  EXPECT_DOUBLE_EQ(json["against"]["top1"], 0.7625);
  const Json& comparison = json["comparison"];
  EXPECT_DOUBLE_EQ(comparison["agreement"], 0.95);
  EXPECT_DOUBLE_EQ(comparison["top1_difference"], -0.01);
  EXPECT_LT(comparison["top1_difference_interval95"][0], -0.01);
  EXPECT_GT(comparison["top1_difference_interval95"][1], -0.01);
  EXPECT_EQ(comparison["only_model_right"], 3);
  EXPECT_EQ(comparison["only_against_right"], 7);
}

TEST(EvaluateOutputTest, SurvivesNamesThatAreNotUtf8) {
  Evaluation evaluation = OneModel();
  evaluation.model.name = "caf\xe9";
  EXPECT_EQ(Json::parse(EvaluationToJson(evaluation))["model"]["name"],
            "caf\xef\xbf\xbd");
}

}  // namespace
}  // namespace moevit
