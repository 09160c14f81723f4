#include "client/evaluate_output.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/json.h"
#include "quantize/paired_comparison.h"

namespace moevit {
namespace {

double Share(int64_t count, const Evaluation& evaluation) {
  return static_cast<double>(count) / static_cast<double>(evaluation.images);
}

std::string ScoreToText(const Evaluation& evaluation, const ModelScore& score) {
  const auto line = [&](const char* name, int64_t right) {
    return absl::StrFormat("  %-18s%.2f %% (%d of %d)\n", name,
                           100 * Share(right, evaluation), right,
                           evaluation.images);
  };
  return absl::StrCat(
      score.name, "\n", line("top-1", score.top1_right),
      line("top-5", score.top5_right),
      absl::StrFormat("  %-18s%.4f\n", "cross-entropy", score.cross_entropy),
      absl::StrFormat("  %-18s%.1f images/s on %d threads\n", "speed",
                      ImagesPerSecond(evaluation, score), evaluation.threads));
}

std::string ComparisonToText(const PairedComparison& comparison) {
  const Interval interval = comparison.DifferenceInterval95();
  return absl::StrFormat(
      "first against second\n"
      "  %-18s%.2f %%\n"
      "  %-18s%+.2f points, 95 %% interval %+.2f to %+.2f\n",
      "same prediction", 100 * comparison.Agreement(), "top-1 difference",
      100 * comparison.Difference(), 100 * interval.lower,
      100 * interval.upper);
}

Json ScoreToJson(const Evaluation& evaluation, const ModelScore& score) {
  return {{"name", score.name},
          {"top1", Share(score.top1_right, evaluation)},
          {"top5", Share(score.top5_right, evaluation)},
          {"cross_entropy", score.cross_entropy},
          {"images_per_s", ImagesPerSecond(evaluation, score)}};
}

Json ComparisonToJson(const PairedComparison& comparison) {
  const Interval interval = comparison.DifferenceInterval95();
  return {{"agreement", comparison.Agreement()},
          {"top1_difference", comparison.Difference()},
          {"top1_difference_interval95", {interval.lower, interval.upper}},
          {"both_right", comparison.both_right},
          {"only_model_right", comparison.only_model_right},
          {"only_against_right", comparison.only_other_right},
          {"both_wrong", comparison.both_wrong}};
}

}  // namespace

std::string EvaluationToText(const Evaluation& evaluation) {
  std::string text = ScoreToText(evaluation, evaluation.model);
  if (evaluation.against) {
    absl::StrAppend(&text, ScoreToText(evaluation, *evaluation.against));
  }
  if (evaluation.comparison) {
    absl::StrAppend(&text, ComparisonToText(*evaluation.comparison));
  }
  return text;
}

std::string EvaluationToJson(const Evaluation& evaluation) {
  Json json = {{"images", evaluation.images},
               {"threads", evaluation.threads},
               {"elapsed_s", absl::ToDoubleSeconds(evaluation.elapsed)},
               {"model", ScoreToJson(evaluation, evaluation.model)}};
  if (evaluation.against) {
    json["against"] = ScoreToJson(evaluation, *evaluation.against);
  }
  if (evaluation.comparison) {
    json["comparison"] = ComparisonToJson(*evaluation.comparison);
  }
  return absl::StrCat(
      json.dump(/*indent=*/2, /*indent_char=*/' ', /*ensure_ascii=*/false,
                Json::error_handler_t::replace),
      "\n");
}

}  // namespace moevit
