#include "quantize/quantization_report.h"

#include <cmath>
#include <limits>

#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

QuantizationReport ReportOfOneBlock() {
  QuantizationReport report;
  report.model = "small";
  report.scheme = "coqmoe";
  report.attention_bits = 4;
  report.images = 7;
  report.layers = {{"embedding", "int16", -1.5, 2.25, 48.86},
                   {"blocks.0.norm1", "int8 per channel", -3, 3, kNan}};
  report.attention = {{0, {2, 2.5}}};
  report.experts = {{0, {10, 30, 20}, {0}}};
  return report;
}

TEST(ImbalanceTest, IsTheBusiestOverTheMean) {
  EXPECT_DOUBLE_EQ(Imbalance({0, {10, 30, 20}, {}}), 1.5);
  EXPECT_DOUBLE_EQ(Imbalance({0, {4, 4, 4, 4}, {}}), 1.0);
}

TEST(ImbalanceTest, IsNanWithoutTokens) {
  EXPECT_TRUE(std::isnan(Imbalance({0, {0, 0}, {}})));
  EXPECT_TRUE(std::isnan(Imbalance({0, {}, {}})));
}

TEST(SnrToTextTest, SaysWhatIsNotANumber) {
  EXPECT_EQ(SnrToText(41.25), "41.2");
  EXPECT_EQ(SnrToText(kInfinity), "exact");
  EXPECT_EQ(SnrToText(-kInfinity), "-");
  EXPECT_EQ(SnrToText(kNan), "-");
}

TEST(QuantizationReportToTextTest, HoldsTheTable) {
  const std::string text = QuantizationReportToText(ReportOfOneBlock());
  EXPECT_THAT(text, HasSubstr("small: scheme coqmoe, softmax 4 bit, "
                              "7 calibration images\n"));
  EXPECT_THAT(text, HasSubstr("embedding       int16                -1.500"
                              "      2.250      48.9\n"));
  EXPECT_THAT(text, HasSubstr("       -\n"));
  EXPECT_THAT(text, HasSubstr("block 0: tokens per expert 10 30 20, the most "
                              "1.50 times the mean\n"));
  EXPECT_THAT(text, HasSubstr("expert 0 saw only 10 tokens"));
}

TEST(QuantizationReportToTextTest, TakesAReportOfNothing) {
  EXPECT_THAT(QuantizationReportToText({}), HasSubstr("value"));
  QuantizationReport idle;
  idle.experts = {{2, {0, 0}, {}}};
  EXPECT_THAT(QuantizationReportToText(idle),
              HasSubstr("block 2: tokens per expert 0 0\n"));
}

TEST(QuantizationReportToJsonTest, HoldsTheNumbers) {
  const Json json = Json::parse(QuantizationReportToJson(ReportOfOneBlock()));
  EXPECT_EQ(json["model"], "small");
  EXPECT_EQ(json["scheme"], "coqmoe");
  EXPECT_EQ(json["attention_bits"], 4);
  EXPECT_EQ(json["calibration_images"], 7);
  EXPECT_EQ(json["layers"][0]["max"], 2.25);
  EXPECT_EQ(json["layers"][0]["snr_db"], 48.86);
  EXPECT_EQ(json["attention"][0]["steps_per_octave"], Json({2, 2.5}));
  EXPECT_EQ(json["experts"][0]["imbalance"], 1.5);
  EXPECT_EQ(json["experts"][0]["calibrated_on_all_tokens"], Json({0}));
}

TEST(QuantizationReportToJsonTest, LeavesOutWhatIsNotFinite) {
  QuantizationReport report = ReportOfOneBlock();
  report.layers[0] = {"embedding", "int16", kNan, kInfinity, kInfinity};
  report.experts[0].tokens = {0, 0, 0};
  const std::string text = QuantizationReportToJson(report);
  EXPECT_THAT(text, Not(HasSubstr("null")));
  const Json json = Json::parse(text);
  EXPECT_EQ(json["layers"][0].size(), 2u);
  EXPECT_FALSE(json["experts"][0].contains("imbalance"));
}

TEST(QuantizationReportToJsonTest, SurvivesANameThatIsNotUtf8) {
  QuantizationReport report = ReportOfOneBlock();
  report.model = "caf\xe9";
  EXPECT_TRUE(Json::accept(QuantizationReportToJson(report)));
}

}  // namespace
}  // namespace moevit
