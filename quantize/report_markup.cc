#include "quantize/report_markup.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace moevit {
namespace {

// HTML has no closing tag for these, and needs one for all others.
bool IsVoid(absl::string_view tag) {
  return tag == "meta" || tag == "br" || tag == "col";
}

// "12.5" rather than "12.50".
std::string Decimal(double value) {
  std::string text = absl::StrFormat("%.2f", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

}  // namespace

Element& Element::Set(absl::string_view attribute, absl::string_view value) {
  absl::StrAppend(&attributes_, " ", attribute, "=\"", EscapeMarkup(value),
                  "\"");
  return *this;
}

Element& Element::Set(absl::string_view attribute, double value) {
  return Set(attribute, absl::string_view(Decimal(value)));
}

Element& Element::Text(absl::string_view text) {
  content_ += EscapeMarkup(text);
  return *this;
}

Element& Element::Add(const Element& child) {
  absl::StrAppend(&content_, child.ToString(), "\n");
  return *this;
}

std::string Element::ToString() const {
  if (IsVoid(tag_)) return absl::StrCat("<", tag_, attributes_, "/>");
  return absl::StrCat("<", tag_, attributes_, ">", content_, "</", tag_, ">");
}

std::string EscapeMarkup(absl::string_view text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        if (absl::ascii_iscntrl(c) && !absl::ascii_isspace(c)) {
          escaped += "\xef\xbf\xbd";
        } else {
          escaped += c;
        }
    }
  }
  return escaped;
}

}  // namespace moevit
