// An evaluation as text for people and as JSON for programs.

#ifndef MOEVIT_QUANTIZE_EVALUATION_REPORT_H_
#define MOEVIT_QUANTIZE_EVALUATION_REPORT_H_

#include <string>

#include "quantize/evaluation.h"

namespace moevit {

// A small table, and below it the paired comparison if there is one. Ends with
// a new line.
std::string EvaluationToText(const Evaluation& evaluation);

// One object; fractions in [0, 1], times in seconds. Ends with a new line.
std::string EvaluationToJson(const Evaluation& evaluation);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_EVALUATION_REPORT_H_
