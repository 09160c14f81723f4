#include "quantize/contestant.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace moevit {

Contestant::Contestant(const EvaluatedModel& model, int64_t images, int threads)
    : name_(model.name), times_(threads), outcomes_(images) {
  for (int i = 0; i < threads; ++i) {
    classifiers_.push_back(model.new_classifier());
  }
}

absl::Status Contestant::Run(int worker, int64_t first,
                             absl::Span<const uint8_t> pixels,
                             absl::Span<const int> labels,
                             const std::function<absl::Time()>& clock) {
  std::vector<float> logits(labels.size() * classes());
  const absl::Time start = clock();
  MOEVIT_RETURN_IF_ERROR(classifiers_[worker]->Classify(
      static_cast<int>(labels.size()), pixels, absl::MakeSpan(logits)));
  times_[worker] += clock() - start;
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto row =
        absl::MakeConstSpan(logits).subspan(i * classes(), classes());
    for (float logit : row) {
      if (!std::isfinite(logit)) {
        return absl::InternalError(
            absl::StrCat("model '", name_, "' gave a logit of ", logit,
                         " for image ", first + i, " of the evaluation"));
      }
    }
    outcomes_[first + i] = Judge(row, labels[i]);
  }
  return absl::OkStatus();
}

Contestant::Outcome Contestant::Judge(absl::Span<const float> logits,
                                      int label) {
  const auto largest = std::max_element(logits.begin(), logits.end());
  Outcome outcome;
  outcome.predicted = static_cast<int>(largest - logits.begin());
  double sum = 0;
  for (int c = 0; c < static_cast<int>(logits.size()); ++c) {
    sum += std::exp(static_cast<double>(logits[c]) - *largest);
    const bool before_label =
        c < label ? logits[c] >= logits[label] : logits[c] > logits[label];
    if (before_label) ++outcome.label_rank;
  }
  outcome.cross_entropy =
      std::log(sum) + (static_cast<double>(*largest) - logits[label]);
  return outcome;
}

ModelScore Contestant::Score() const {
  ModelScore score;
  score.name = name_;
  const int depth = std::min(5, classes());
  for (const Outcome& outcome : outcomes_) {
    if (outcome.label_rank == 0) ++score.top1_right;
    if (outcome.label_rank < depth) ++score.top5_right;
    score.cross_entropy += outcome.cross_entropy;
  }
  score.cross_entropy /= static_cast<double>(outcomes_.size());
  for (absl::Duration time : times_) score.compute_time += time;
  return score;
}

PairedComparison Compare(const Contestant& model, const Contestant& other) {
  PairedComparison comparison;
  for (size_t i = 0; i < model.outcomes_.size(); ++i) {
    const Contestant::Outcome& mine = model.outcomes_[i];
    const Contestant::Outcome& theirs = other.outcomes_[i];
    const bool mine_right = mine.label_rank == 0;
    const bool theirs_right = theirs.label_rank == 0;
    if (mine_right && theirs_right) ++comparison.both_right;
    if (mine_right && !theirs_right) ++comparison.only_model_right;
    if (!mine_right && theirs_right) ++comparison.only_other_right;
    if (!mine_right && !theirs_right) ++comparison.both_wrong;
    if (mine.predicted == theirs.predicted) ++comparison.same_prediction;
  }
  return comparison;
}

}  // namespace moevit
