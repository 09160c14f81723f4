#include "quantize/report_markup.h"

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

TEST(ElementTest, NestsElementsAndText) {
  EXPECT_EQ(Element("p")
                .Set("class", "note")
                .Text("a")
                .Add(Element("b").Text("c"))
                .Text("d")
                .ToString(),
            "<p class=\"note\">a<b>c</b>\nd</p>");
}

TEST(ElementTest, ClosesWhatIsEmptyAsHtmlWantsIt) {
  EXPECT_EQ(Element("div").ToString(), "<div></div>");
  EXPECT_EQ(Element("br").ToString(), "<br/>");
}

TEST(ElementTest, EscapesTextAndAttributes) {
  EXPECT_EQ(Element("p").Set("title", "\"<&>\"").Text("<script>").ToString(),
            "<p title=\"&quot;&lt;&amp;&gt;&quot;\">&lt;script&gt;</p>");
}

TEST(ElementTest, WritesShortNumbers) {
  EXPECT_EQ(Element("a")
                .Set("b", 12.0)
                .Set("c", 0.125)
                .Set("d", -0.001)
                .Set("e", 100.5)
                .ToString(),
            "<a b=\"12\" c=\"0.12\" d=\"0\" e=\"100.5\"></a>");
}

TEST(EscapeMarkupTest, ReplacesControlCharacters) {
  EXPECT_EQ(EscapeMarkup(absl::string_view("a\0b\x1b", 4)),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(EscapeMarkup("a\tb\n"), "a\tb\n");
}

TEST(EscapeMarkupTest, LeavesUtf8Alone) {
  EXPECT_EQ(EscapeMarkup("caf\xc3\xa9"), "caf\xc3\xa9");
}

}  // namespace
}  // namespace moevit
