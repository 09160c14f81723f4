#include "quantize/report_html.h"

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Blocks 0 (dense) and 1 (three experts).
QuantizationReport ReportOfTwoBlocks() {
  QuantizationReport report;
  report.model = "small";
  report.scheme = "coqmoe";
  report.attention_bits = 4;
  report.images = 7;
  report.layers = {{"embedding", "int16", -1.5, 2.25, 48.86},
                   {"blocks.0.norm1", "int8 per channel", -3, 3, 40.14},
                   {"blocks.0.attn.qkv", "int8 per channel", -4, 4, 39.5},
                   {"blocks.0.attn.mixed", "int8", -2, 2, 33.31},
                   {"blocks.0.mlp.hidden", "int8", -0.17, 9, 36.7},
                   {"blocks.0.residual2", "int16", -30, 31, 42},
                   {"blocks.1.norm2", "int8 per channel", -5, 5, 38},
                   {"blocks.1.residual2", "int16", -33, 35, 41},
                   {"logits", "int32", -2, 4, 35.04}};
  report.attention = {{0, {2, 2.5}}, {1, {1.75, 2}}};
  report.experts = {{1, {10, 30, 20}, {0}}};
  return report;
}

// What is wrong with how the page's tags nest; empty for nothing. Knows as
// much of HTML as the page uses.
std::string NestingError(absl::string_view page) {
  std::vector<std::string> open;
  while (true) {
    const size_t begin = page.find('<');
    if (begin == page.npos) break;
    const size_t end = page.find('>', begin);
    if (end == page.npos) return "a tag has no end";
    const absl::string_view tag = page.substr(begin + 1, end - begin - 1);
    page.remove_prefix(end + 1);
    if (absl::StrContains(tag, "<")) return absl::StrCat("< inside of ", tag);
    if (absl::StartsWith(tag, "!") || absl::EndsWith(tag, "/")) continue;
    if (!absl::StartsWith(tag, "/")) {
      open.emplace_back(tag.substr(0, tag.find(' ')));
    } else if (open.empty() || open.back() != tag.substr(1)) {
      return absl::StrCat(tag, " closes nothing");
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : absl::StrCat(open.back(), " is left open");
}

int Count(absl::string_view text, absl::string_view what) {
  int count = 0;
  for (size_t at = text.find(what); at != text.npos;
       at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

TEST(QuantizationReportToHtmlTest, HoldsTheReport) {
  const std::string page = QuantizationReportToHtml(ReportOfTwoBlocks());
  EXPECT_EQ(NestingError(page), "");
  EXPECT_THAT(page, HasSubstr("<title>Quantization of small</title>"));
  EXPECT_THAT(page, HasSubstr("softmax 4 bit"));
  EXPECT_THAT(page, HasSubstr("<td>48.9</td>"));
  EXPECT_THAT(page, HasSubstr("blocks.0.attn.mixed: 33.3 dB</title>"));
  EXPECT_THAT(page, HasSubstr("blocks.0.residual2: -30.000 to 31.000</title>"));
}

TEST(QuantizationReportToHtmlTest, SumsUp) {
  const std::string page = QuantizationReportToHtml(ReportOfTwoBlocks());
  EXPECT_THAT(page, HasSubstr("<dd>33.3 dB<small>blocks.0.attn.mixed</small>"));
  EXPECT_THAT(page, HasSubstr("<dt>SNR of the logits</dt>\n<dd>35.0 dB"));
  EXPECT_THAT(page, HasSubstr("the busiest 1.50 times"));
}

TEST(QuantizationReportToHtmlTest, DrawsAPanelForEachKindThatThereIs) {
  QuantizationReport report = ReportOfTwoBlocks();
  EXPECT_EQ(Count(QuantizationReportToHtml(report), "aria-label=\"Ranges,"), 5);
  report.layers.resize(2);
  EXPECT_EQ(Count(QuantizationReportToHtml(report), "aria-label=\"Ranges,"), 2);
}

TEST(QuantizationReportToHtmlTest, ColoursExpertsByTheirShareOfTokens) {
  const std::string page = QuantizationReportToHtml(ReportOfTwoBlocks());
  EXPECT_THAT(page, HasSubstr("class=\"cell\" style=\"--share:38%\">20<"));
  EXPECT_THAT(page, HasSubstr("class=\"cell\" style=\"--share:56%\">30<"));
  EXPECT_THAT(page, HasSubstr("class=\"cell starved\""));
  EXPECT_THAT(page, HasSubstr("Block 1: too few tokens for expert 0,"));
}

TEST(QuantizationReportToHtmlTest, ListsStepsOnlyWhereHeadsDiffer) {
  QuantizationReport report = ReportOfTwoBlocks();
  EXPECT_THAT(QuantizationReportToHtml(report), HasSubstr("<td>1.75</td>"));
  report.attention = {{0, {24, 24}}, {1, {24, 24}}};
  const std::string page = QuantizationReportToHtml(report);
  EXPECT_THAT(page, HasSubstr("All heads of all blocks: 24 steps"));
  EXPECT_THAT(page, Not(HasSubstr("<td>24</td>")));
}

TEST(QuantizationReportToHtmlTest, NeedsNothingFromElsewhere) {
  const std::string page = QuantizationReportToHtml(ReportOfTwoBlocks());
  for (absl::string_view reference :
       {"://", "src=", "href=", "url(", "@import", "<script"}) {
    EXPECT_FALSE(absl::StrContains(page, reference)) << reference;
  }
}

TEST(QuantizationReportToHtmlTest, KeepsTheStyleSheetLiteral) {
  const std::string page = QuantizationReportToHtml(ReportOfTwoBlocks());
  const size_t begin = page.find("<style>");
  const size_t end = page.find("</style>");
  ASSERT_NE(end, page.npos);
  const std::string style = page.substr(begin, end - begin);
  EXPECT_THAT(style, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(style, Not(HasSubstr("&")));
}

TEST(QuantizationReportToHtmlTest, EscapesNames) {
  QuantizationReport report = ReportOfTwoBlocks();
  report.model = "<script>alert(\"x\")</script>";
  report.layers[1].name = "blocks.0.norm1\"><b>";
  report.layers[1].scheme = "a & b";
  const std::string page = QuantizationReportToHtml(report);
  EXPECT_EQ(NestingError(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, HasSubstr("a &amp; b"));
}

TEST(QuantizationReportToHtmlTest, LeavesGapsForWhatIsNotANumber) {
  QuantizationReport report = ReportOfTwoBlocks();
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  report.layers[1] = {"blocks.0.norm1", "int8", kNone, kNone, kNone};
  report.layers[6].snr_db = std::numeric_limits<double>::infinity();
  const std::string page = QuantizationReportToHtml(report);
  EXPECT_EQ(NestingError(page), "");
  EXPECT_THAT(page, HasSubstr("<td>-</td>"));
  EXPECT_THAT(page, HasSubstr("<td>exact</td>"));
  EXPECT_THAT(page, Not(HasSubstr("nan ")));
  EXPECT_THAT(page, Not(HasSubstr("\"nan")));
  EXPECT_THAT(page, Not(HasSubstr("inf ")));
}

TEST(QuantizationReportToHtmlTest, BreaksALineWhereAValueIsMissing) {
  QuantizationReport report;
  report.layers = {{"blocks.0.norm1", "", 0, 1, 40},
                   {"blocks.0.norm2", "", 0, 1, std::nan("")},
                   {"blocks.1.norm1", "", 0, 1, 41}};
  const std::string page = QuantizationReportToHtml(report);
  const size_t line = page.find("class=\"line\"");
  ASSERT_NE(line, page.npos);
  const std::string path = page.substr(line, page.find('>', line) - line);
  EXPECT_EQ(Count(path, "M"), 2);
  EXPECT_EQ(Count(path, "L"), 0);
}

TEST(QuantizationReportToHtmlTest, LeavesOutExpertsOfADenseModel) {
  QuantizationReport report = ReportOfTwoBlocks();
  report.experts.clear();
  const std::string page = QuantizationReportToHtml(report);
  EXPECT_EQ(NestingError(page), "");
  EXPECT_THAT(page, Not(HasSubstr("Tokens per expert")));
  EXPECT_THAT(page, Not(HasSubstr("block with experts")));
}

TEST(QuantizationReportToHtmlTest, TakesExpertsThatSawNothing) {
  QuantizationReport report = ReportOfTwoBlocks();
  report.experts = {{0, {0, 0}, {0, 1}}, {1, {}, {}}};
  const std::string page = QuantizationReportToHtml(report);
  EXPECT_EQ(NestingError(page), "");
  EXPECT_THAT(page, HasSubstr("style=\"--share:0%\""));
  EXPECT_THAT(page, HasSubstr("too few tokens for experts 0, 1,"));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST(QuantizationReportToHtmlTest, TakesAReportOfNothing) {
  const std::string page = QuantizationReportToHtml({});
  EXPECT_EQ(NestingError(page), "");
  EXPECT_THAT(page, HasSubstr("No value could be compared"));
}

}  // namespace
}  // namespace moevit
