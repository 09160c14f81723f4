// The drawings of a quantization report, as SVG that takes its colours from
// the page's style sheet (quantize/report_style.h).

#ifndef MOEVIT_QUANTIZE_REPORT_CHARTS_H_
#define MOEVIT_QUANTIZE_REPORT_CHARTS_H_

#include "absl/types/span.h"
#include "quantize/quantization_report.h"
#include "quantize/report_markup.h"
#include "quantize/value_name.h"

namespace moevit {

// How the values of one kind are drawn: told apart by colour and by shape.
struct KindStyle {
  ValueKind kind;
  const char* css_class;
  const char* title;
  const char* marker;  // path around (0, 0), about 10 wide
};

// In the order in which legends list them.
absl::Span<const KindStyle> KindStyles();
const KindStyle& StyleOf(ValueKind kind);

// A marker on its own, for use in text. Assistive technology skips it.
Element InlineMarker(ValueKind kind);

// Signal-to-noise ratios over the depth of the model, a line for each kind.
// Values without a finite ratio are left out.
Element SnrChart(const QuantizationReport& report);

// From the least to the largest of each value of one kind, block by block.
Element RangeChart(const QuantizationReport& report, ValueKind kind);

// Whether RangeChart would have anything to show.
bool HasRanges(const QuantizationReport& report, ValueKind kind);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_REPORT_CHARTS_H_
