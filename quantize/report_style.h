// The style sheet of a quantization report's page.

#ifndef MOEVIT_QUANTIZE_REPORT_STYLE_H_
#define MOEVIT_QUANTIZE_REPORT_STYLE_H_

#include "absl/strings/string_view.h"

namespace moevit {

// Light or dark as the reader's system is, for narrow and wide windows. Holds
// no character that markup escapes: inside <style>, HTML takes all literally.
absl::string_view ReportStyle();

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_REPORT_STYLE_H_
