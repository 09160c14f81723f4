#include "quantize/classifier.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/executor.h"
#include "model/checkpoint.h"
#include "program/program.h"
#include "quantize/float_model.h"
#include "tests/quantize/random_checkpoint.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FloatClassifierTest, GivesEachImageItsOwnLogits) {
  const Checkpoint checkpoint =
      RandomCheckpoint(SmallSparseConfig(), /*seed=*/1);
  const std::unique_ptr<Classifier> classifier =
      NewFloatClassifier(&checkpoint);
  ASSERT_EQ(classifier->image_bytes(), 432u);
  ASSERT_EQ(classifier->classes(), 7);

  const std::vector<uint8_t> first =
      RandomPixels(checkpoint.config, /*seed=*/1);
  const std::vector<uint8_t> second =
      RandomPixels(checkpoint.config, /*seed=*/2);
  std::vector<uint8_t> pixels = first;
  pixels.insert(pixels.end(), second.begin(), second.end());
  std::vector<float> logits(2 * 7);
  ASSERT_TRUE(classifier->Classify(2, pixels, absl::MakeSpan(logits)).ok());

  std::vector<float> expected = Forward(checkpoint, first);
  const std::vector<float> rest = Forward(checkpoint, second);
  expected.insert(expected.end(), rest.begin(), rest.end());
  EXPECT_EQ(logits, expected);
}

TEST(FloatClassifierTest, RefusesPixelsThatDoNotFit) {
  const Checkpoint checkpoint =
      RandomCheckpoint(SmallDenseConfig(), /*seed=*/1);
  const std::vector<uint8_t> pixels(431);
  std::vector<float> logits(7);
  const absl::Status status = NewFloatClassifier(&checkpoint)
                                  ->Classify(1, pixels, absl::MakeSpan(logits));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("432 bytes"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("not 431"));
}

TEST(FloatClassifierTest, RefusesLogitsThatDoNotFit) {
  const Checkpoint checkpoint =
      RandomCheckpoint(SmallDenseConfig(), /*seed=*/1);
  const std::vector<uint8_t> pixels(432);
  std::vector<float> logits(8);
  EXPECT_EQ(NewFloatClassifier(&checkpoint)
                ->Classify(1, pixels, absl::MakeSpan(logits))
                .code(),
            absl::StatusCode::kInvalidArgument);
}

// Gives each image its first pixel and that pixel's negative.
class FirstPixelExecutor : public Executor {
 public:
  explicit FirstPixelExecutor(absl::Status status)
      : status_(std::move(status)) {}

  absl::string_view name() const override { return "first_pixel"; }

  absl::Status Run(int images, absl::Span<const uint8_t> pixels,
                   absl::Span<int32_t> logits, ExpertLoad*) override {
    for (int i = 0; i < images; ++i) {
      logits[2 * i] = pixels[3 * i];
      logits[2 * i + 1] = -logits[2 * i];
    }
    return status_;
  }

 private:
  const absl::Status status_;
};

Program OnePixelProgram() {
  Program program;
  program.image_size = 1;
  program.channels = 3;
  program.classes = 2;
  program.logit_scale = 0.25;
  return program;
}

TEST(ExecutorClassifierTest, ScalesTheIntegerLogits) {
  const Program program = OnePixelProgram();
  const std::unique_ptr<Classifier> classifier = NewExecutorClassifier(
      &program, std::make_unique<FirstPixelExecutor>(absl::OkStatus()));
  const std::vector<uint8_t> pixels = {10, 0, 0, 3, 0, 0};
  std::vector<float> logits(4);
  ASSERT_TRUE(classifier->Classify(2, pixels, absl::MakeSpan(logits)).ok());
  EXPECT_THAT(logits, ElementsAre(2.5f, -2.5f, 0.75f, -0.75f));
}

TEST(ExecutorClassifierTest, PassesOnTheExecutorsError) {
  const Program program = OnePixelProgram();
  const std::unique_ptr<Classifier> classifier = NewExecutorClassifier(
      &program,
      std::make_unique<FirstPixelExecutor>(absl::UnavailableError("gone")));
  const std::vector<uint8_t> pixels(3);
  std::vector<float> logits(2);
  EXPECT_EQ(classifier->Classify(1, pixels, absl::MakeSpan(logits)),
            absl::UnavailableError("gone"));
}

}  // namespace
}  // namespace moevit
