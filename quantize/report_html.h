// A quantization report as a web page, to be looked at and passed on.

#ifndef MOEVIT_QUANTIZE_REPORT_HTML_H_
#define MOEVIT_QUANTIZE_REPORT_HTML_H_

#include <string>

#include "quantize/quantization_report.h"

namespace moevit {

// One page that needs nothing else: no script, no font, no picture from
// elsewhere. UTF-8 where the report's names are.
std::string QuantizationReportToHtml(const QuantizationReport& report);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_REPORT_HTML_H_
