#include "quantize/evaluation.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/progress.h"
#include "base/status_macros.h"
#include "quantize/contestant.h"

namespace moevit {
namespace {

constexpr int kMaxBatchSize = 4096;

// Runs batches over the dataset for one or two contestants.
class Runner {
 public:
  Runner(const Dataset& dataset, const EvaluationOptions& options,
         std::vector<int64_t> indices, std::vector<Contestant*> contestants)
      : dataset_(dataset),
        options_(options),
        indices_(std::move(indices)),
        contestants_(std::move(contestants)),
        batches_((indices_.size() + options.batch_size - 1) /
                 options.batch_size),
        statuses_(batches_),
        first_failed_(batches_) {}

  absl::Status Run(ThreadPool& pool) {
    ProgressOptions progress_options;
    progress_options.label = "evaluating";
    progress_options.total = static_cast<int64_t>(indices_.size());
    progress_options.clock = options_.clock;
    progress_options.sink = options_.progress_sink;
    ProgressMeter progress(std::move(progress_options));
    pool.ParallelFor(batches_, [&](int64_t batch, int worker) {
      // Batches before a failed one still run, so that the error reported is
      // the same whatever the order of the threads.
      if (batch > first_failed_.load()) return;
      statuses_[batch] = RunBatch(batch, worker);
      if (statuses_[batch].ok()) {
        progress.Advance(BatchEnd(batch) - BatchBegin(batch));
      } else {
        MarkFailed(batch);
      }
    });
    for (const absl::Status& status : statuses_) {
      MOEVIT_RETURN_IF_ERROR(status);
    }
    return absl::OkStatus();
  }

 private:
  int64_t BatchBegin(int64_t batch) const {
    return batch * options_.batch_size;
  }
  int64_t BatchEnd(int64_t batch) const {
    return std::min<int64_t>(BatchBegin(batch + 1), indices_.size());
  }

  void MarkFailed(int64_t batch) {
    int64_t first = first_failed_.load();
    while (batch < first &&
           !first_failed_.compare_exchange_weak(first, batch)) {
    }
  }

  absl::Status RunBatch(int64_t batch, int worker) {
    std::vector<uint8_t> pixels;
    std::vector<int> labels;
    for (int64_t i = BatchBegin(batch); i < BatchEnd(batch); ++i) {
      MOEVIT_ASSIGN_OR_RETURN(const Sample sample, dataset_.Load(indices_[i]));
      pixels.insert(pixels.end(), sample.pixels.begin(), sample.pixels.end());
      labels.push_back(*sample.label);
    }
    for (Contestant* contestant : contestants_) {
      MOEVIT_RETURN_IF_ERROR(contestant->Run(worker, BatchBegin(batch), pixels,
                                             labels, options_.clock));
    }
    return absl::OkStatus();
  }

  const Dataset& dataset_;
  const EvaluationOptions& options_;
  const std::vector<int64_t> indices_;
  const std::vector<Contestant*> contestants_;
  const int64_t batches_;
  std::vector<absl::Status> statuses_;  // by batch
  std::atomic<int64_t> first_failed_;   // batches_ when none has
};

absl::Status CheckOptions(const Dataset& dataset,
                          const EvaluationOptions& options) {
  if (!dataset.has_labels()) {
    return absl::InvalidArgumentError(
        "evaluation needs labels and the dataset has none");
  }
  if (options.limit < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit is ", options.limit, "; it must not be negative"));
  }
  if (options.batch_size < 1 || options.batch_size > kMaxBatchSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch_size is ", options.batch_size,
                     "; it must be in [1, ", kMaxBatchSize, "]"));
  }
  return absl::OkStatus();
}

absl::Status CheckFits(const Dataset& dataset, const EvaluatedModel& model,
                       const Contestant& contestant) {
  if (contestant.image_bytes() != dataset.image_bytes()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "model '", model.name, "' takes images of ", contestant.image_bytes(),
        " bytes, the dataset's are prepared to ", dataset.image_bytes()));
  }
  if (contestant.classes() != dataset.classes()) {
    return absl::InvalidArgumentError(
        absl::StrCat("model '", model.name, "' has ", contestant.classes(),
                     " classes, the dataset has ", dataset.classes()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Evaluation> Evaluate(const EvaluatedModel& model,
                                    const Dataset& dataset,
                                    const EvaluationOptions& options,
                                    ThreadPool& pool) {
  MOEVIT_RETURN_IF_ERROR(CheckOptions(dataset, options));
  const absl::Time start = options.clock();
  std::vector<int64_t> indices = SpreadIndices(
      dataset.size(), options.limit == 0 ? dataset.size() : options.limit);

  Evaluation evaluation;
  evaluation.images = static_cast<int64_t>(indices.size());
  evaluation.threads = pool.workers();
  Contestant contestant(model, evaluation.images, pool.workers());
  MOEVIT_RETURN_IF_ERROR(CheckFits(dataset, model, contestant));
  std::vector<Contestant*> contestants = {&contestant};
  std::optional<Contestant> other;
  if (options.against.has_value()) {
    other.emplace(*options.against, evaluation.images, pool.workers());
    MOEVIT_RETURN_IF_ERROR(CheckFits(dataset, *options.against, *other));
    contestants.push_back(&*other);
  }

  MOEVIT_RETURN_IF_ERROR(
      Runner(dataset, options, std::move(indices), contestants).Run(pool));
  evaluation.model = contestant.Score();
  if (other.has_value()) {
    evaluation.against = other->Score();
    evaluation.comparison = Compare(contestant, *other);
  }
  evaluation.elapsed = options.clock() - start;
  return evaluation;
}

double ImagesPerSecond(const Evaluation& evaluation, const ModelScore& score) {
  const double seconds = absl::ToDoubleSeconds(score.compute_time);
  if (seconds <= 0) return 0;
  return static_cast<double>(evaluation.images) * evaluation.threads / seconds;
}

}  // namespace moevit
