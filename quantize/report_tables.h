// The tables of a quantization report's page.

#ifndef MOEVIT_QUANTIZE_REPORT_TABLES_H_
#define MOEVIT_QUANTIZE_REPORT_TABLES_H_

#include <vector>

#include "quantize/quantization_report.h"
#include "quantize/report_markup.h"

namespace moevit {

// A row per value of the program.
Element LayerTable(const std::vector<LayerReport>& layers);

// A heat map of tokens: a row per sparse block, a column per expert.
Element ExpertTable(const std::vector<ExpertReport>& experts);

// A row per block, a column per head.
Element StepTable(const std::vector<AttentionReport>& attention);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_REPORT_TABLES_H_
