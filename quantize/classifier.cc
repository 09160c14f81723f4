#include "quantize/classifier.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "quantize/float_model.h"

namespace moevit {
namespace {

absl::Status CheckSpans(const Classifier& classifier, int images,
                        absl::Span<const uint8_t> pixels,
                        absl::Span<float> logits) {
  const size_t want_pixels = images * classifier.image_bytes();
  if (pixels.size() != want_pixels) {
    return absl::InvalidArgumentError(
        absl::StrCat(images, " images need ", want_pixels,
                     " bytes of pixels, not ", pixels.size()));
  }
  const size_t want_logits = static_cast<size_t>(images) * classifier.classes();
  if (logits.size() != want_logits) {
    return absl::InvalidArgumentError(absl::StrCat(
        images, " images need ", want_logits, " logits, not ", logits.size()));
  }
  return absl::OkStatus();
}

class FloatClassifier : public Classifier {
 public:
  explicit FloatClassifier(const Checkpoint* checkpoint)
      : checkpoint_(*checkpoint) {}

  size_t image_bytes() const override {
    return checkpoint_.config.image_bytes();
  }

  int classes() const override { return checkpoint_.config.num_classes; }

  absl::Status Classify(int images, absl::Span<const uint8_t> pixels,
                        absl::Span<float> logits) override {
    MOEVIT_RETURN_IF_ERROR(CheckSpans(*this, images, pixels, logits));
    for (int i = 0; i < images; ++i) {
      const std::vector<float> row = Forward(
          checkpoint_, pixels.subspan(i * image_bytes(), image_bytes()));
      std::copy(row.begin(), row.end(), logits.begin() + i * classes());
    }
    return absl::OkStatus();
  }

 private:
  const Checkpoint& checkpoint_;
};

class ExecutorClassifier : public Classifier {
 public:
  ExecutorClassifier(const Program* program, std::unique_ptr<Executor> executor)
      : program_(*program), executor_(std::move(executor)) {}

  size_t image_bytes() const override {
    return static_cast<size_t>(program_.image_bytes());
  }

  int classes() const override { return program_.classes; }

  absl::Status Classify(int images, absl::Span<const uint8_t> pixels,
                        absl::Span<float> logits) override {
    MOEVIT_RETURN_IF_ERROR(CheckSpans(*this, images, pixels, logits));
    integer_logits_.resize(logits.size());
    MOEVIT_RETURN_IF_ERROR(executor_->Run(images, pixels,
                                          absl::MakeSpan(integer_logits_),
                                          /*load=*/nullptr));
    std::transform(integer_logits_.begin(), integer_logits_.end(),
                   logits.begin(), [&](int32_t logit) {
                     return static_cast<float>(program_.logit_scale * logit);
                   });
    return absl::OkStatus();
  }

 private:
  const Program& program_;
  const std::unique_ptr<Executor> executor_;
  std::vector<int32_t> integer_logits_;
};

}  // namespace

std::unique_ptr<Classifier> NewFloatClassifier(const Checkpoint* checkpoint) {
  return std::make_unique<FloatClassifier>(checkpoint);
}

std::unique_ptr<Classifier> NewExecutorClassifier(
    const Program* program, std::unique_ptr<Executor> executor) {
  return std::make_unique<ExecutorClassifier>(program, std::move(executor));
}

}  // namespace moevit
