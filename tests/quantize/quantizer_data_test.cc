// The whole quantizer on a really trained model: a guard against regressions
// of accuracy. Needs the data that MOEVIT_DATA names (default: ../shared/data
// beside the repository).

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "gtest/gtest.h"
#include "kernels/cpu/cpu_executor.h"
#include "quantize/dataset.h"
#include "quantize/float_model.h"
#include "quantize/quantizer.h"

namespace moevit {
namespace {

constexpr int kCalibrationImages = 32;
constexpr int kTestImages = 300;

// All 10,000 images agree on 98.8 % with 4 bits; of 300 images, more than 9
// disagree less than once in a hundred draws.
constexpr double kLeastAgreement = 0.97;

std::string DataDirectory() {
  const char* data = std::getenv("MOEVIT_DATA");
  return std::string(data != nullptr ? data : "../shared/data") +
         "/cifar10-moe-vit";
}

std::vector<std::vector<uint8_t>> LoadImages(const std::string& name,
                                             const ModelConfig& config,
                                             int count) {
  const auto dataset =
      OpenDataset(DataDirectory() + "/" + name, config, LabelUse::kIgnored);
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  auto pixels = LoadCalibrationPixels(**dataset, count);
  EXPECT_TRUE(pixels.ok()) << pixels.status();
  return *std::move(pixels);
}

template <typename T>
int64_t Largest(const std::vector<T>& logits) {
  return std::max_element(logits.begin(), logits.end()) - logits.begin();
}

std::vector<int64_t> Predictions(
    const Program& program, const std::vector<std::vector<uint8_t>>& images) {
  CpuExecutorOptions options;
  options.threads = 1;
  const std::unique_ptr<Executor> executor = NewCpuExecutor(&program, options);
  std::vector<int64_t> predictions;
  for (const std::vector<uint8_t>& image : images) {
    std::vector<int32_t> logits(program.classes);
    const absl::Status status =
        executor->Run(1, image, absl::MakeSpan(logits), nullptr);
    EXPECT_TRUE(status.ok()) << status;
    predictions.push_back(Largest(logits));
  }
  return predictions;
}

TEST(QuantizerDataTest, PredictsWhatTheFloatModelPredicts) {
  if (!std::filesystem::exists(DataDirectory() + "/model.safetensors")) {
    GTEST_SKIP() << "no trained model in " << DataDirectory()
                 << "; set MOEVIT_DATA to the folder that holds it";
  }
  const auto checkpoint = LoadCheckpoint(DataDirectory());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  const ModelConfig& config = checkpoint->config;
  ThreadPool pool;
  const auto test_images = LoadImages("test_u8.bin", config, kTestImages);
  std::vector<int64_t> expected(test_images.size());
  pool.ParallelFor(expected.size(), [&](int64_t i, int) {
    expected[i] = Largest(Forward(*checkpoint, test_images[i]));
  });

  for (int bits : {4, 8}) {
    QuantizeOptions options;
    options.attention_bits = bits;
    const auto result = QuantizeModel(
        *checkpoint, LoadImages("calib_u8.bin", config, kCalibrationImages),
        options, pool);
    ASSERT_TRUE(result.ok()) << result.status();
    const std::vector<int64_t> got =
        Predictions(result->model.program, test_images);
    int64_t same = 0;
    for (size_t i = 0; i < got.size(); ++i) same += got[i] == expected[i];
    std::cout << "attention " << bits << " bit: " << same << " of "
              << test_images.size() << " predictions equal" << std::endl;
    EXPECT_GE(same, kLeastAgreement * kTestImages);
  }
}

}  // namespace
}  // namespace moevit
