#include "server/log.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/traceparent.h"

namespace moevit {
namespace {

const absl::Time kTime =
    absl::FromUnixSeconds(1'700'000'000) + absl::Milliseconds(7);

std::string Text(absl::string_view message, LogFields fields = {}) {
  return FormatLogLine(LogFormat::kText, kTime, LogSeverity::kWarning, message,
                       fields);
}

nlohmann::json ParsedJson(absl::string_view message, LogFields fields = {}) {
  return nlohmann::json::parse(FormatLogLine(
      LogFormat::kJson, kTime, LogSeverity::kError, message, fields));
}

TEST(LogLineTest, TextHasTimeSeverityMessageAndFields) {
  EXPECT_EQ(
      Text("model 'a\\b' fails", {{"model", "plain"},
                                  {"count", int64_t{-3}},
                                  {"duration", absl::Microseconds(1500)}}),
      "2023-11-14T22:13:20.007Z WARNING model 'a\\\\b' fails model=plain "
      "count=-3 duration=0.001500");
}

TEST(LogLineTest, JsonHasTheSame) {
  const nlohmann::json line =
      ParsedJson("it \"fails\"", {{"model", "plain"},
                                  {"count", int64_t{-3}},
                                  {"duration", absl::Microseconds(1500)}});
  EXPECT_EQ(line, nlohmann::json::parse(R"({
    "time": "2023-11-14T22:13:20.007Z", "severity": "ERROR",
    "message": "it \"fails\"", "model": "plain", "count": -3,
    "duration": 0.0015})"));
}

TEST(LogLineTest, HostileTextForgesNoLineAndNoField) {
  const std::string hostile =
      absl::StrCat("x\n2023-11-14T22:13:20.007Z INFO\r\x1b[2J\x7f\"",
                   std::string(1, '\0'), " code=OK\xff\xe2\x80\xa8");
  EXPECT_EQ(Text("m", {{"id", "a b"}}), Text("m") + " id=\"a b\"");
  EXPECT_EQ(Text("m", {{"id", "a\" code=OK"}}),
            Text("m") + " id=\"a\\\" code=OK\"");
  EXPECT_EQ(Text("m", {{"id", ""}}), Text("m"));
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    const std::string line = FormatLogLine(format, kTime, LogSeverity::kInfo,
                                           hostile, {{"request_id", hostile}});
    for (const unsigned char c : line) {
      EXPECT_TRUE(c >= 0x20 && c < 0x7f) << static_cast<int>(c);
    }
  }
  EXPECT_EQ(ParsedJson("m", {{"id", "a\nb"}})["id"], "a\nb");
}

TEST(LogLineTest, CutsLongStrings) {
  const std::string text(5000, 'a');
  EXPECT_EQ(ParsedJson("m", {{"id", text}})["id"].get<std::string>().size(),
            1024);
  EXPECT_LT(Text(text, {{"id", text}}).size(), 2200);
}

TEST(LogLimitTest, AdmitsSoManyPerIntervalAndCountsTheRest) {
  LogLimit limit(2, absl::Seconds(10));
  std::string suppressed = "?";
  EXPECT_TRUE(limit.Admit(kTime, &suppressed));
  EXPECT_EQ(suppressed, "");
  EXPECT_TRUE(limit.Admit(kTime + absl::Seconds(9), &suppressed));
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(limit.Admit(kTime + absl::Seconds(9), &suppressed));
  }
  EXPECT_TRUE(limit.Admit(kTime + absl::Seconds(10), &suppressed));
  EXPECT_EQ(suppressed, " (suppressed 5)");
  EXPECT_TRUE(limit.Admit(kTime + absl::Seconds(11), &suppressed));
  EXPECT_EQ(suppressed, "");
  EXPECT_FALSE(limit.Admit(kTime + absl::Seconds(12), &suppressed));
}

TEST(LogLimitTest, SurvivesAClockThatIsSetBack) {
  LogLimit limit(1, absl::Seconds(10));
  std::string suppressed;
  EXPECT_TRUE(limit.Admit(kTime, &suppressed));
  EXPECT_TRUE(limit.Admit(kTime - absl::Hours(1), &suppressed));
}

constexpr char kTraceParent[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceParentTest, TakesWhatTheStandardAdmits) {
  const auto parent = ParseTraceParent(kTraceParent);
  ASSERT_TRUE(parent.has_value());
  EXPECT_EQ(parent->trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(parent->parent_id, "b7ad6b7169203331");
  EXPECT_TRUE(parent->sampled);
  EXPECT_FALSE(ParseTraceParent(
                   absl::StrCat(std::string(kTraceParent).substr(0, 53), "fe"))
                   ->sampled);
}

TEST(TraceParentTest, TakesTheKnownPartOfLaterVersions) {
  const std::string rest = std::string(kTraceParent).substr(2);
  EXPECT_TRUE(ParseTraceParent("cc" + rest).has_value());
  EXPECT_TRUE(ParseTraceParent("cc" + rest + "-what-comes").has_value());
  EXPECT_FALSE(ParseTraceParent("cc" + rest + ".what-comes").has_value());
}

TEST(TraceParentTest, RefusesEverythingElse) {
  const std::string good = kTraceParent;
  const std::string rest = good.substr(2);
  for (const std::string& bad :
       {std::string(), good.substr(0, 54), good + "-", good + "0",
        absl::StrCat("ff", rest), absl::StrCat("0g", rest),
        absl::StrCat("0A", rest), absl::StrCat(" ", good.substr(1)),
        "00-00000000000000000000000000000000-b7ad6b7169203331-01" + good,
        std::string("00-00000000000000000000000000000000-b7ad6b7169203331-01"),
        std::string("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"),
        std::string("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        std::string("00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333x-01"),
        std::string("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x"),
        std::string("00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01"),
        std::string(55, '-')}) {
    EXPECT_FALSE(ParseTraceParent(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace moevit
