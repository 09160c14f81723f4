#include "model/preprocess.h"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/image_decoder.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

constexpr char kTestImages[] = "tests/model/testdata/";

std::vector<uint8_t> TestPixels(const std::string& name) {
  const std::string bytes =
      ReadFile(kTestImages + name + ".rgb", /*max_bytes=*/1 << 20).value();
  return std::vector<uint8_t>(bytes.begin(), bytes.end());
}

Image Gradient(int width, int height) {
  Image image{width, height, std::vector<uint8_t>(3 * width * height)};
  std::iota(image.pixels.begin(), image.pixels.end(), uint8_t{0});
  return image;
}

ModelConfig ConfigFor(int size) {
  ModelConfig config;
  config.image_size = size;
  return config;
}

TEST(PreprocessTest, GivesPillowsPixels) {
  std::ifstream cases(std::string(kTestImages) + "resize_cases.txt");
  std::string name, source, mode, interpolation;
  Image image;
  ModelConfig config;
  PreprocessingConfig& options = config.preprocessing;
  int count = 0;
  while (cases >> name >> source >> image.width >> image.height >> mode >>
         interpolation >> options.crop_fraction >> config.image_size) {
    SCOPED_TRACE(name + " from " + source);
    image.pixels = TestPixels(source + ".source");
    options.resize =
        mode == "exact" ? ResizeMode::kExact : ResizeMode::kShorterSide;
    options.interpolation = interpolation == "bilinear"
                                ? Interpolation::kBilinear
                                : Interpolation::kBicubic;
    const auto pixels = Preprocess(image, config);
    ASSERT_TRUE(pixels.ok()) << pixels.status();
    EXPECT_TRUE(*pixels == TestPixels(name));
    ++count;
  }
  EXPECT_EQ(count, 25);
}

TEST(PreprocessTest, LeavesAnImageOfTheRightSizeAlone) {
  const Image image = Gradient(31, 31);
  EXPECT_EQ(Preprocess(image, ConfigFor(31)).value(), image.pixels);
}

TEST(PreprocessTest, CutsFromTheMiddleRoundingTiesToEven) {
  // 5 columns too many: 2.5 is cut on the left, which rounds to 2.
  const Image image = Gradient(8, 3);
  const std::vector<uint8_t> pixels = Preprocess(image, ConfigFor(3)).value();
  EXPECT_EQ(pixels[0], image.pixels[3 * 2]);
  // 3 too many: 1.5 rounds to 2.
  const Image narrower = Gradient(6, 3);
  EXPECT_EQ(Preprocess(narrower, ConfigFor(3)).value()[0],
            narrower.pixels[3 * 2]);
}

TEST(PreprocessTest, NeverBuildsTheWholeOfAResizedStrip) {
  // In full it would have 16384 * 4096 by 4096 pixels.
  const Image strip = Gradient(16384, 1);
  const auto pixels = Preprocess(strip, ConfigFor(64));
  ASSERT_TRUE(pixels.ok()) << pixels.status();
  EXPECT_EQ(pixels->size(), 64u * 64u * 3u);
}

TEST(PreprocessTest, RefusesAStripBeyondTheCoordinates) {
  ModelConfig config = ConfigFor(4096);
  config.preprocessing.crop_fraction = 0.1;
  const auto pixels = Preprocess(Gradient(50'000, 1), config);
  EXPECT_THAT(std::string(pixels.status().message()),
              HasSubstr("image of 50000x1 pixels would have a side of "
                        "2048000000"));
}

// The mean difference of two images' pixels.
double Distance(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  EXPECT_EQ(a.size(), b.size());
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

TEST(DecodeAndPreprocessTest, IsDecodingAndPreprocessing) {
  const std::string file =
      ReadFile(std::string(kTestImages) + "baseline_444.jpg", 1 << 20).value();
  const ModelConfig config = ConfigFor(5);
  EXPECT_EQ(DecodeAndPreprocess(file, config).value(),
            Preprocess(DecodeImage(file).value(), config).value());
  EXPECT_FALSE(DecodeAndPreprocess("no image", config).ok());
}

TEST(DecodeAndPreprocessTest, FastDecodingChangesLittle) {
  const std::string file =
      ReadFile("deploy/samples/horse.jpg", 1 << 20).value();  // 128x128
  ModelConfig config = ConfigFor(32);
  const std::vector<uint8_t> full = DecodeAndPreprocess(file, config).value();
  config.preprocessing.fast_decode = true;
  const std::vector<uint8_t> fast = DecodeAndPreprocess(file, config).value();
  EXPECT_NE(fast, full);
  EXPECT_LT(Distance(fast, full), 1);
}

TEST(DecodeAndPreprocessTest, FastDecodingLeavesSmallImagesAlone) {
  const std::string file =
      ReadFile(std::string(kTestImages) + "baseline_444.jpg", 1 << 20).value();
  ModelConfig config = ConfigFor(8);  // Half of it would be less than 2 * 8.
  const std::vector<uint8_t> full = DecodeAndPreprocess(file, config).value();
  config.preprocessing.fast_decode = true;
  EXPECT_EQ(DecodeAndPreprocess(file, config).value(), full);
}

TEST(PreprocessTest, RefusesImagesThatAreNotWhole) {
  Image image = Gradient(4, 3);
  image.pixels.pop_back();
  EXPECT_EQ(Preprocess(image, ConfigFor(2)).status().message(),
            "image of 4x3 pixels with 35 bytes");
  EXPECT_FALSE(Preprocess(Image(), ConfigFor(2)).ok());
}

}  // namespace
}  // namespace moevit
