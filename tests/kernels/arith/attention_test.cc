#include "kernels/arith/attention.h"

#include <cmath>
#include <cstdint>

#include "gtest/gtest.h"

namespace moevit::arith {
namespace {

TEST(AttentionLevelTest, CountsRoundedStepsFromTheMaximum) {
  // One level per 1,000 score units: 64 / 1000 fine units per score unit.
  const double scale = (1 << kFineBits) / 1000.0;
  const Rescale rescale = {
      static_cast<int16_t>(std::lround(std::ldexp(scale, 18))), 3};
  EXPECT_EQ(AttentionLevel(0, rescale, 16), 0);
  EXPECT_EQ(AttentionLevel(480, rescale, 16), 0);
  EXPECT_EQ(AttentionLevel(520, rescale, 16), 1);
  EXPECT_EQ(AttentionLevel(7000, rescale, 16), 7);
}

TEST(AttentionLevelTest, ClampsToTheLastLevel) {
  const Rescale rescale = {16384, 0};
  EXPECT_EQ(AttentionLevel(1 << 25, rescale, 16), 15);
  EXPECT_EQ(AttentionLevel(1 << 25, rescale, 256), 255);
}

TEST(MixtureRescaleTest, DividesWithFourteenBitsOfPrecision) {
  for (int32_t denominator : {1, 2, 3, 181, 255, 65537, 255 * 32768}) {
    const Rescale rescale = MixtureRescale(denominator);
    ASSERT_GE(rescale.multiplier, 1 << 14);
    const double exact = static_cast<double>(1 << kMixtureBits) / denominator;
    const double got =
        rescale.multiplier * std::ldexp(1.0, -15 - rescale.shift);
    EXPECT_NEAR(got / exact, 1.0, 1.0 / (1 << 15)) << denominator;
  }
}

TEST(MixtureRescaleTest, MeansOfEqualValuesComeOutUnchanged) {
  // sum = value * denominator whatever the denominator.
  for (int32_t denominator : {1, 7, 200, 4097, 1000003}) {
    const Rescale rescale = MixtureRescale(denominator);
    for (int value : {-128, -1, 0, 1, 100, 127}) {
      EXPECT_NEAR(Apply(rescale, value * denominator), value * 128, 1);
    }
  }
}

}  // namespace
}  // namespace moevit::arith
