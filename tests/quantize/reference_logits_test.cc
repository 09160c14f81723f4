// The float forward pass against the logits that stock PyTorch operators gave
// for a really trained model. Needs the data that MOEVIT_DATA names (default:
// ../shared/data beside the repository); MOEVIT_FULL=1 takes all its images.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/thread_pool.h"
#include "gtest/gtest.h"
#include "model/checkpoint.h"
#include "quantize/dataset.h"
#include "quantize/float_model.h"

namespace moevit {
namespace {

constexpr int64_t kQuickImages = 100;
constexpr double kLargestP99 = 1e-4;
// Rounding may turn one near tie per ten thousand images.
constexpr double kLeastAgreement = 0.9999;

std::string DataDirectory() {
  const char* data = std::getenv("MOEVIT_DATA");
  return std::string(data != nullptr ? data : "../shared/data") +
         "/cifar10-moe-vit";
}

int64_t ImagesToCheck() {
  const char* full = std::getenv("MOEVIT_FULL");
  return full != nullptr && std::string(full) == "1" ? INT64_MAX : kQuickImages;
}

// The values of a little-endian float32 .npy file of version 1.
std::vector<float> ReadNpy(const std::string& path) {
  const absl::StatusOr<std::string> content =
      ReadFile(path, /*max_bytes=*/size_t{1} << 30);
  if (!content.ok() || content->size() < 10) return {};
  const size_t header = static_cast<uint8_t>((*content)[8]) +
                        256 * static_cast<uint8_t>((*content)[9]);
  const size_t offset = 10 + header;
  if (content->substr(10, header).find("'<f4'") == std::string::npos) return {};
  std::vector<float> values((content->size() - offset) / sizeof(float));
  std::memcpy(values.data(), content->data() + offset,
              values.size() * sizeof(float));
  return values;
}

struct Deviation {
  double largest = 0;
  bool same_prediction = false;
};

Deviation Compare(const std::vector<float>& actual, const float* expected) {
  Deviation deviation;
  for (size_t c = 0; c < actual.size(); ++c) {
    deviation.largest =
        std::max<double>(deviation.largest, std::abs(actual[c] - expected[c]));
  }
  const auto argmax = [&](const float* logits) {
    return std::max_element(logits, logits + actual.size()) - logits;
  };
  deviation.same_prediction = argmax(actual.data()) == argmax(expected);
  return deviation;
}

TEST(ReferenceLogitsTest, AreReproduced) {
  const std::string directory = DataDirectory();
  if (!std::filesystem::exists(directory + "/ref_logits_f32.npy")) {
    GTEST_SKIP() << "no reference data in " << directory
                 << "; set MOEVIT_DATA to the folder that holds it";
  }
  const absl::StatusOr<Checkpoint> checkpoint = LoadCheckpoint(directory);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  const absl::StatusOr<std::unique_ptr<Dataset>> dataset = OpenDataset(
      directory + "/test_u8.bin", checkpoint->config, LabelUse::kRequired);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const std::vector<float> expected =
      ReadNpy(directory + "/ref_logits_f32.npy");
  const int classes = checkpoint->config.num_classes;
  ASSERT_EQ(expected.size(), (*dataset)->size() * classes);

  const std::vector<int64_t> indices =
      SpreadIndices((*dataset)->size(), ImagesToCheck());
  std::vector<Deviation> deviations(indices.size());
  ThreadPool pool;
  pool.ParallelFor(indices.size(), [&](int64_t i, int) {
    const absl::StatusOr<Sample> sample = (*dataset)->Load(indices[i]);
    if (!sample.ok()) return;  // leaves same_prediction false
    deviations[i] = Compare(Forward(*checkpoint, sample->pixels),
                            &expected[indices[i] * classes]);
  });

  std::sort(deviations.begin(), deviations.end(),
            [](const Deviation& a, const Deviation& b) {
              return a.largest < b.largest;
            });
  const double p99 = deviations[deviations.size() * 99 / 100].largest;
  const int64_t same = std::count_if(
      deviations.begin(), deviations.end(),
      [](const Deviation& deviation) { return deviation.same_prediction; });
  std::cout << "images " << deviations.size() << ", same top-1 " << same
            << ", largest logit difference per image: median "
            << deviations[deviations.size() / 2].largest << ", p99 " << p99
            << ", max " << deviations.back().largest << std::endl;
  EXPECT_LT(p99, kLargestP99);
  EXPECT_GE(same, kLeastAgreement * deviations.size());
}

}  // namespace
}  // namespace moevit
