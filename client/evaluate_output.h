// How the result of `moevit evaluate` is written. Pure functions; each result
// ends with a line feed.

#ifndef MOEVIT_CLIENT_EVALUATE_OUTPUT_H_
#define MOEVIT_CLIENT_EVALUATE_OUTPUT_H_

#include <string>

#include "quantize/evaluation.h"

namespace moevit {

// A few lines for people.
std::string EvaluationToText(const Evaluation& evaluation);

// {"images", "threads", "elapsed_s", "model": {"name", "top1", "top5",
// "cross_entropy", "images_per_s"}}, and where two models were compared
// "against", like "model", and "comparison": {"agreement", "top1_difference",
// "top1_difference_interval95", "both_right", "only_model_right",
// "only_against_right", "both_wrong"}. Shares are fractions.
std::string EvaluationToJson(const Evaluation& evaluation);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_EVALUATE_OUTPUT_H_
