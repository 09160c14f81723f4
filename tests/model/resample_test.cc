#include "model/resample.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace moevit {
namespace {

class ResampleTest : public ::testing::TestWithParam<ResampleIsa> {
 protected:
  int Uniform(int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random_);
  }

  Image RandomImage(int width, int height) {
    Image image{width, height, std::vector<uint8_t>(3 * width * height)};
    for (uint8_t& byte : image.pixels) {
      // Extremes often, so that sums leave [0, 255] on both sides.
      byte = static_cast<uint8_t>(Uniform(0, 2) == 0 ? Uniform(0, 255)
                                                     : 255 * Uniform(0, 1));
    }
    return image;
  }

  // Taps of `outputs` places of a line of `inputs`, of up to `most` inputs
  // each, some of them with negative weights; all weights together are 1.
  LineTaps RandomTaps(int inputs, int outputs, int most) {
    LineTaps taps;
    for (int i = 0; i < outputs; ++i) {
      const int count = Uniform(1, std::min(most, inputs));
      const int room = inputs - count;
      const int first = outputs == 1 ? 0 : room * i / (outputs - 1);
      taps.outputs.push_back({first, count, taps.weights.size()});
      int32_t left = 1 << kWeightBits;
      for (int k = 1; k < count; ++k) {
        const int32_t limit = (1 << (kWeightBits - 2)) / count;
        taps.weights.push_back(Uniform(-limit, limit));
        left -= taps.weights.back();
      }
      taps.weights.push_back(left);
    }
    return SortedByEnd(std::move(taps));
  }

  // Ends must ascend as beginnings do.
  static LineTaps SortedByEnd(LineTaps taps) {
    const auto end = [](const LineTaps::Output& o) {
      return o.first + o.count;
    };
    for (size_t i = 1; i < taps.outputs.size(); ++i) {
      LineTaps::Output& output = taps.outputs[i];
      const LineTaps::Output& before = taps.outputs[i - 1];
      if (end(output) < end(before)) output = before;
    }
    return taps;
  }

  std::mt19937 random_;
};

TEST_P(ResampleTest, RowsAreThoseOfThePortableCode) {
  for (const int width : {1, 2, 3, 5, 6, 17, 64, 131}) {
    for (const int height : {1, 2, 5}) {
      const Image image = RandomImage(width, height + 2);
      for (const int outputs : {1, 2, 9}) {
        const LineTaps taps = RandomTaps(width, outputs, /*most=*/40);
        const Image expected = ResampleRows(image, /*top=*/1, height, taps,
                                            ResampleIsa::kPortable);
        const Image actual = ResampleRows(image, 1, height, taps, GetParam());
        EXPECT_EQ(actual.width, outputs);
        EXPECT_EQ(actual.height, height);
        EXPECT_EQ(actual.pixels, expected.pixels)
            << width << "x" << height << " to " << outputs;
      }
    }
  }
}

TEST_P(ResampleTest, ColumnsAreThoseOfThePortableCode) {
  for (const int width : {1, 2, 10, 11, 21, 22, 43}) {
    for (const int height : {1, 2, 7, 50}) {
      const Image image = RandomImage(width, height);
      for (const int outputs : {1, 2, 9}) {
        const LineTaps taps = RandomTaps(height, outputs, /*most=*/40);
        const Image expected =
            ResampleColumns(image, /*top=*/0, taps, ResampleIsa::kPortable);
        const Image actual = ResampleColumns(image, 0, taps, GetParam());
        EXPECT_EQ(actual.width, width);
        EXPECT_EQ(actual.height, outputs);
        EXPECT_EQ(actual.pixels, expected.pixels)
            << width << "x" << height << " to " << outputs;
      }
    }
  }
}

TEST_P(ResampleTest, SaturatesOnBothSides) {
  // 1.5 and -0.5 of a white and a black pixel.
  const LineTaps taps = {
      .outputs = {{0, 2, 0}, {0, 2, 2}},
      .weights = {3 << (kWeightBits - 1), -(1 << (kWeightBits - 1)),
                  -(1 << (kWeightBits - 1)), 3 << (kWeightBits - 1)}};
  const Image line = {2, 1, {255, 255, 255, 0, 0, 0}};
  const std::vector<uint8_t> expected = {255, 255, 255, 0, 0, 0};
  EXPECT_EQ(ResampleRows(line, 0, 1, taps, GetParam()).pixels, expected);
  Image column = line;
  std::swap(column.width, column.height);
  EXPECT_EQ(ResampleColumns(column, 0, taps, GetParam()).pixels, expected);
}

TEST(ResampleIsaTest, TheFirstIsPortable) {
  EXPECT_EQ(AvailableResampleIsas().front(), ResampleIsa::kPortable);
}

INSTANTIATE_TEST_SUITE_P(AllIsas, ResampleTest,
                         ::testing::ValuesIn(AvailableResampleIsas()),
                         [](const ::testing::TestParamInfo<ResampleIsa>& info) {
                           return info.param == ResampleIsa::kAvx2 ? "avx2"
                                                                   : "portable";
                         });

}  // namespace
}  // namespace moevit
