// Measures how well a model classifies a labelled dataset, alone or side by
// side with another one on the same images.

#ifndef MOEVIT_QUANTIZE_EVALUATION_H_
#define MOEVIT_QUANTIZE_EVALUATION_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/thread_pool.h"
#include "quantize/classifier.h"
#include "quantize/dataset.h"
#include "quantize/paired_comparison.h"

namespace moevit {

struct EvaluatedModel {
  std::string name;  // for the report
  ClassifierFactory new_classifier;
};

struct EvaluationOptions {
  // How many images to use, spread evenly over the dataset; 0: all.
  int64_t limit = 0;
  // Images handed to a classifier at once.
  int batch_size = 8;
  // Compares the model with this one on each image.
  std::optional<EvaluatedModel> against;

  std::function<absl::Time()> clock = absl::Now;
  // See ProgressOptions::sink.
  std::function<void(absl::string_view)> progress_sink;
};

struct ModelScore {
  std::string name;
  int64_t top1_right = 0;
  int64_t top5_right = 0;    // the label among the min(5, classes) largest
  double cross_entropy = 0;  // mean over the images, natural logarithm
  // Time inside the classifier, summed over the threads: without reading and
  // decoding images.
  absl::Duration compute_time;
};

struct Evaluation {
  int64_t images = 0;
  int threads = 0;
  absl::Duration elapsed;  // of everything
  ModelScore model;
  std::optional<ModelScore> against;
  std::optional<PairedComparison> comparison;
};

// Everything but the times is the same for any number of threads. Among equal
// logits the lower class comes first. Returns
//   kInvalidArgument  for an option out of range, a dataset without labels,
//                     and models that differ in image size or classes from the
//                     dataset or from one another
//   kInternal         for a logit that is not finite
// and what Dataset::Load or Classifier::Classify returned; of several errors,
// the one of the first image.
absl::StatusOr<Evaluation> Evaluate(const EvaluatedModel& model,
                                    const Dataset& dataset,
                                    const EvaluationOptions& options,
                                    ThreadPool& pool);

// Images per second that `score.compute_time` amounts to with all of the
// evaluation's threads busy.
double ImagesPerSecond(const Evaluation& evaluation, const ModelScore& score);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_EVALUATION_H_
