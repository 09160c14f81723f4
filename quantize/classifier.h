// What evaluation needs of a model: logits for a batch of images, whether they
// come from the float forward pass or from an executor of an integer program.

#ifndef MOEVIT_QUANTIZE_CLASSIFIER_H_
#define MOEVIT_QUANTIZE_CLASSIFIER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "kernels/executor.h"
#include "model/checkpoint.h"
#include "program/program.h"

namespace moevit {

// Thread-compatible: one Classify at a time on one object.
class Classifier {
 public:
  virtual ~Classifier() = default;

  virtual size_t image_bytes() const = 0;  // uint8 pixels of one image
  virtual int classes() const = 0;

  // pixels [images, image_bytes()] -> logits [images, classes()], in real
  // units. Returns kInvalidArgument when a span's size does not fit; `logits`
  // is then unspecified.
  virtual absl::Status Classify(int images, absl::Span<const uint8_t> pixels,
                                absl::Span<float> logits) = 0;
};

// Makes one classifier for each thread.
using ClassifierFactory = std::function<std::unique_ptr<Classifier>()>;

// `checkpoint` must outlive the result.
std::unique_ptr<Classifier> NewFloatClassifier(const Checkpoint* checkpoint);

// `program` is the one that `executor` runs; it must outlive the result.
std::unique_ptr<Classifier> NewExecutorClassifier(
    const Program* program, std::unique_ptr<Executor> executor);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_CLASSIFIER_H_
