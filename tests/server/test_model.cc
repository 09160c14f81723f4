#include "tests/server/test_model.h"

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace moevit {
namespace {

constexpr char kPrefix[] = "image of class ";

}  // namespace

QuantizedModel TestModel() {
  QuantizedModel model;
  model.config.image_size = kTestImageSize;
  model.config.num_classes = kTestClasses;
  model.config.class_names = {"plane", "ship", "truck"};
  model.program.image_size = kTestImageSize;
  model.program.channels = 3;
  model.program.classes = kTestClasses;
  model.program.logit_scale = 0.01;
  return model;
}

std::vector<uint8_t> TestPixels(int index) {
  std::vector<uint8_t> pixels(kTestImageBytes);
  pixels[0] = 200;
  pixels[1] = static_cast<uint8_t>(index);
  return pixels;
}

std::string TestImage(int index) { return absl::StrCat(kPrefix, index); }

absl::StatusOr<std::vector<uint8_t>> PrepareTestImage(
    absl::string_view encoded, const ModelConfig& /*config*/) {
  int index = 0;
  if (!absl::ConsumePrefix(&encoded, kPrefix) ||
      !absl::SimpleAtoi(encoded, &index)) {
    return absl::InvalidArgumentError("neither JPEG nor PNG");
  }
  return TestPixels(index);
}

}  // namespace moevit
