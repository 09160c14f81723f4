// One model's part in an evaluation: its classifiers and what became of each
// image. An implementation detail of Evaluate.

#ifndef MOEVIT_QUANTIZE_CONTESTANT_H_
#define MOEVIT_QUANTIZE_CONTESTANT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "quantize/classifier.h"
#include "quantize/evaluation.h"
#include "quantize/paired_comparison.h"

namespace moevit {

// Run may be called from several threads at once, each with a worker number
// and images of its own; the other functions when no Run is running.
class Contestant {
 public:
  // For `images` images on `threads` threads.
  Contestant(const EvaluatedModel& model, int64_t images, int threads);

  size_t image_bytes() const { return classifiers_[0]->image_bytes(); }
  int classes() const { return classifiers_[0]->classes(); }

  // Classifies labels.size() images, the first of which is image number
  // `first`. Returns the classifier's error, or kInternal for a logit that is
  // not finite.
  absl::Status Run(int worker, int64_t first, absl::Span<const uint8_t> pixels,
                   absl::Span<const int> labels,
                   const std::function<absl::Time()>& clock);

  // REQUIRES: Run has succeeded for every image.
  ModelScore Score() const;

  // REQUIRES: the same of both, on the same images.
  friend PairedComparison Compare(const Contestant& model,
                                  const Contestant& other);

 private:
  // What is kept of the answer to one image.
  struct Outcome {
    int predicted = 0;
    int label_rank = 0;  // 0: the prediction is the label
    double cross_entropy = 0;
  };

  static Outcome Judge(absl::Span<const float> logits, int label);

  const std::string name_;
  std::vector<std::unique_ptr<Classifier>> classifiers_;  // by worker
  std::vector<absl::Duration> times_;                     // by worker
  std::vector<Outcome> outcomes_;                         // by image
};

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_CONTESTANT_H_
