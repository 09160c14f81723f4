#include "quantize/evaluation_report.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/json.h"
#include "quantize/paired_comparison.h"

namespace moevit {
namespace {

double Fraction(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::string ScoreRow(const Evaluation& evaluation, const ModelScore& score) {
  return absl::StrFormat("%-24s %7.2f %% %7.2f %% %14.4f %12.1f\n", score.name,
                         100 * Fraction(score.top1_right, evaluation.images),
                         100 * Fraction(score.top5_right, evaluation.images),
                         score.cross_entropy,
                         ImagesPerSecond(evaluation, score));
}

std::string ComparisonText(const PairedComparison& comparison,
                           absl::string_view model, absl::string_view other) {
  const auto row = [&](const std::string& label, int64_t count) {
    return absl::StrFormat("%-34s %8d  %6.2f %%\n", label, count,
                           100 * Fraction(count, comparison.images()));
  };
  const Interval interval = comparison.DifferenceInterval95();
  return absl::StrCat(
      "\n", row("same prediction", comparison.same_prediction),
      row("both right", comparison.both_right),
      row(absl::StrCat("only ", model, " right"), comparison.only_model_right),
      row(absl::StrCat("only ", other, " right"), comparison.only_other_right),
      row("both wrong", comparison.both_wrong),
      absl::StrFormat(
          "top-1 difference %+.2f points, 95 %% interval [%+.2f, %+.2f]\n",
          100 * comparison.Difference(), 100 * interval.lower,
          100 * interval.upper));
}

Json ScoreJson(const Evaluation& evaluation, const ModelScore& score) {
  return {{"name", score.name},
          {"top1", Fraction(score.top1_right, evaluation.images)},
          {"top1_right", score.top1_right},
          {"top5", Fraction(score.top5_right, evaluation.images)},
          {"top5_right", score.top5_right},
          {"cross_entropy", score.cross_entropy},
          {"compute_seconds", absl::ToDoubleSeconds(score.compute_time)},
          {"images_per_second", ImagesPerSecond(evaluation, score)}};
}

Json ComparisonJson(const PairedComparison& comparison) {
  const Interval interval = comparison.DifferenceInterval95();
  return {{"agreement", comparison.Agreement()},
          {"same_prediction", comparison.same_prediction},
          {"both_right", comparison.both_right},
          {"only_model_right", comparison.only_model_right},
          {"only_other_right", comparison.only_other_right},
          {"both_wrong", comparison.both_wrong},
          {"top1_difference", comparison.Difference()},
          {"top1_difference_95", {interval.lower, interval.upper}}};
}

}  // namespace

std::string EvaluationToText(const Evaluation& evaluation) {
  std::string text = absl::StrFormat(
      "%d images, %d threads, %.1f s\n\n"
      "%-24s %9s %9s %14s %12s\n",
      evaluation.images, evaluation.threads,
      absl::ToDoubleSeconds(evaluation.elapsed), "model", "top-1", "top-5",
      "cross-entropy", "images/s");
  text += ScoreRow(evaluation, evaluation.model);
  if (evaluation.against.has_value()) {
    text += ScoreRow(evaluation, *evaluation.against);
  }
  if (evaluation.comparison.has_value()) {
    text += ComparisonText(*evaluation.comparison, evaluation.model.name,
                           evaluation.against->name);
  }
  return text;
}

std::string EvaluationToJson(const Evaluation& evaluation) {
  Json json = {{"images", evaluation.images},
               {"threads", evaluation.threads},
               {"elapsed_seconds", absl::ToDoubleSeconds(evaluation.elapsed)},
               {"model", ScoreJson(evaluation, evaluation.model)}};
  if (evaluation.against.has_value()) {
    json["against"] = ScoreJson(evaluation, *evaluation.against);
  }
  if (evaluation.comparison.has_value()) {
    json["comparison"] = ComparisonJson(*evaluation.comparison);
  }
  // Model names come from the command line and need not be UTF-8.
  return json.dump(/*indent=*/2, /*indent_char=*/' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace) +
         "\n";
}

}  // namespace moevit
