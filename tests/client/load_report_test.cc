#include "client/load_report.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Answers after 1, 2, ... ms, and errors.
LoadRun RunOf(int answers, int errors) {
  LoadRun run;
  run.rate = 100;
  LoadResult& result = run.result;
  result.duration = absl::Seconds(10);
  result.requests = answers + errors;
  result.answers_within = answers;
  for (int i = 1; i <= answers; ++i) {
    result.latencies.push_back(absl::Milliseconds(i));
    result.send_delays.push_back(absl::Microseconds(i));
  }
  if (errors > 0) {
    result.errors["RESOURCE_EXHAUSTED"] = {
        errors, "queue is full",
        std::vector<absl::Duration>(errors, absl::Milliseconds(3))};
  }
  return run;
}

LoadReport ReportOf(LoadRun run) {
  LoadReport report;
  report.server = "localhost:1";
  report.runs = {std::move(run)};
  return report;
}

TEST(LoadReportTest, ShowsPercentilesAndRates) {
  const std::string text = LoadReportToText(ReportOf(RunOf(1000, 0)));
  EXPECT_THAT(text, AllOf(HasSubstr("100.0/s"), HasSubstr("500.000"),
                          HasSubstr("990.000"), HasSubstr("1000.000")));
  EXPECT_THAT(text, Not(HasSubstr("answers;")));
}

TEST(LoadReportTest, ClaimsNoPercentileOfTooFewAnswers) {
  const LoadReport report = ReportOf(RunOf(458, 0));
  EXPECT_THAT(LoadReportToText(report),
              HasSubstr("458 answers; p99 takes 459"));
  const Json json = Json::parse(LoadReportToJson(report));
  EXPECT_TRUE(json["runs"][0]["latency_ms"]["p99"].is_null());
  EXPECT_EQ(json["runs"][0]["latency_ms"]["p90"], 413);
  EXPECT_EQ(json["runs"][0]["latency_ms"]["max"], 458);
}

TEST(LoadReportTest, ShowsErrorsApart) {
  const LoadReport report = ReportOf(RunOf(600, 17));
  EXPECT_THAT(LoadReportToText(report),
              HasSubstr("17 RESOURCE_EXHAUSTED: queue is full"));
  const Json run = Json::parse(LoadReportToJson(report))["runs"][0];
  EXPECT_EQ(run["requests"], 617);
  EXPECT_EQ(run["answers"], 600);
  EXPECT_EQ(run["errors"]["RESOURCE_EXHAUSTED"]["count"], 17);
  EXPECT_EQ(run["errors"]["RESOURCE_EXHAUSTED"]["latency_ms"]["p50"], 3);
  EXPECT_TRUE(
      run["errors"]["RESOURCE_EXHAUSTED"]["latency_ms"]["p99"].is_null());
  EXPECT_EQ(run["offered_per_second"], 100);
  EXPECT_EQ(run["answers_per_second"], 60);
}

// The x of the last point of the only curve.
double EndOfCurve(const LoadReport& report) {
  const std::string svg = LoadReportToSvg(report);
  const size_t start = svg.find("points=\"");
  EXPECT_NE(start, std::string::npos) << svg;
  EXPECT_EQ(svg.find("points=\"", start + 1), std::string::npos) << svg;
  const size_t end = svg.find(" \"/>", start);
  return std::stod(svg.substr(svg.rfind(' ', end - 1) + 1));
}

TEST(LoadReportTest, DrawsNoPercentileOfTooFewAnswers) {
  const double of_99 = EndOfCurve(ReportOf(RunOf(459, 0)));
  EXPECT_LT(EndOfCurve(ReportOf(RunOf(44, 3))), of_99);
  const double of_999 = EndOfCurve(ReportOf(RunOf(6000, 0)));
  EXPECT_GT(of_999, of_99);
  // The edge of the plot.
  EXPECT_EQ(EndOfCurve(ReportOf(RunOf(9999, 0))), of_999);
}

TEST(LoadReportTest, DrawsNoCurveOfNothing) {
  const std::string svg = LoadReportToSvg(ReportOf(RunOf(0, 3)));
  EXPECT_THAT(svg, AllOf(HasSubstr("100.0/s"), HasSubstr("</svg>"),
                         Not(HasSubstr("<polyline"))));
}

TEST(LoadReportTest, TellsAClosedLoop) {
  LoadRun run = RunOf(500, 0);
  run.rate = 0;
  run.concurrency = 8;
  const LoadReport report = ReportOf(run);
  EXPECT_THAT(LoadReportToText(report), HasSubstr("8 open"));
  const Json json = Json::parse(LoadReportToJson(report));
  EXPECT_EQ(json["runs"][0]["loop"], "closed");
  EXPECT_EQ(json["runs"][0]["concurrency"], 8);
}

TEST(LoadReportTest, StandsRunsWithoutAnswers) {
  const LoadReport report = ReportOf(RunOf(0, 3));
  EXPECT_THAT(LoadReportToText(report), HasSubstr("0 answers"));
  const Json json = Json::parse(LoadReportToJson(report));
  EXPECT_TRUE(json["runs"][0]["latency_ms"]["max"].is_null());
}

TEST(LoadReportTest, SaysWhichRateIsSustained) {
  LoadReport report = ReportOf(RunOf(500, 0));
  report.sustained = {.rate = 77.5, .p99_bound = absl::Milliseconds(50)};
  EXPECT_THAT(LoadReportToText(report), HasSubstr("77.5 requests/s"));
  EXPECT_EQ(
      Json::parse(LoadReportToJson(report))["sustained"]["requests_per_second"],
      77.5);
  report.sustained->rate = 0;
  EXPECT_THAT(LoadReportToText(report), HasSubstr("No rate tried"));
}

}  // namespace
}  // namespace moevit
