// Elements of an HTML page or an SVG drawing, escaped as they are put together.
//
// What comes out is HTML that an XML parser takes as well.

#ifndef MOEVIT_QUANTIZE_REPORT_MARKUP_H_
#define MOEVIT_QUANTIZE_REPORT_MARKUP_H_

#include <string>

#include "absl/strings/string_view.h"

namespace moevit {

// Thread-compatible. Every call returns the element itself, so that calls can
// be chained:
//   Element("p").Set("class", "note").Text("5 < 6").Add(Element("br"))
class Element {
 public:
  // A tag such as "svg". Not for text from outside, nor are attribute names.
  explicit Element(absl::string_view tag) : tag_(tag) {}

  Element& Set(absl::string_view attribute, absl::string_view value);
  // With up to two decimals, for coordinates.
  Element& Set(absl::string_view attribute, double value);
  // Without this overload a literal would be no clearer a match than double.
  Element& Set(absl::string_view attribute, const char* value) {
    return Set(attribute, absl::string_view(value));
  }

  Element& Text(absl::string_view text);
  Element& Add(const Element& child);

  std::string ToString() const;

 private:
  std::string tag_;
  std::string attributes_;  // each with a space before it
  std::string content_;
};

// `text` with the characters replaced that mean something in markup, and
// control characters, which no document may hold, as U+FFFD.
std::string EscapeMarkup(absl::string_view text);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_REPORT_MARKUP_H_
