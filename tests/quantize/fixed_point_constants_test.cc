#include "quantize/fixed_point_constants.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "gtest/gtest.h"
#include "kernels/arith/activation.h"

namespace moevit {
namespace {

constexpr int64_t kSmallAccumulator = 1000;

// What the constants multiply by, without the roundings of arith::Apply.
double FactorOf(const arith::Rescale& rescale) {
  return std::ldexp(rescale.multiplier, -15 - rescale.shift);
}

double ExactActivation(ActivationKind kind, double x) {
  if (kind == ActivationKind::kGelu) return x * std::erfc(-x / M_SQRT2) / 2;
  return x / 2 *
         (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

// The largest error of the table over all fine values, in fine units.
double LargestActivationError(ActivationKind kind, double scale) {
  const Activation activation = MakeActivation(kind, scale);
  const double unit = std::ldexp(scale, -arith::kFineBits);
  double largest = 0;
  for (int fine = -32767; fine <= 32767; ++fine) {
    const double got =
        arith::Activate(static_cast<int16_t>(fine), activation.delta.data(),
                        activation.index_shift, activation.delta_shift);
    const double exact = ExactActivation(kind, fine * unit) / unit;
    largest = std::max(largest, std::abs(got - exact));
  }
  return largest;
}

TEST(MakeRescaleTest, IsWithinOneMultiplierStepOfTheFactor) {
  for (double factor = 1e-9; factor < 3e4; factor *= 1.37) {
    const arith::Rescale rescale = MakeRescale(factor, kSmallAccumulator);
    EXPECT_GE(rescale.multiplier, 1 << 14) << factor;
    EXPECT_NEAR(FactorOf(rescale) / factor, 1.0, 1.0 / (1 << 15)) << factor;
  }
}

TEST(MakeRescaleTest, MultipliesAccumulatorsToWithinOneUnit) {
  std::mt19937 random(1);
  for (double factor = 1e-8; factor < 1.0; factor *= 3.1) {
    const double limit = std::min(16000 / factor, std::ldexp(1.0, 30));
    std::uniform_real_distribution<double> accumulators(-limit, limit);
    const arith::Rescale rescale =
        MakeRescale(factor, static_cast<int64_t>(limit));
    for (int i = 0; i < 99; ++i) {
      const auto accumulator = static_cast<int32_t>(accumulators(random));
      EXPECT_NEAR(arith::Apply(rescale, accumulator), accumulator * factor, 1.6)
          << factor << " " << accumulator;
    }
  }
}

TEST(MakeRescaleTest, TurnsFactorsTooSmallIntoZero) {
  for (double factor : {0.0, 1e-300, 1e-12, std::ldexp(0.99, -31)}) {
    EXPECT_EQ(arith::Apply(MakeRescale(factor, 1 << 30), 1 << 30), 0) << factor;
  }
}

TEST(MakeRescaleTest, SaturatesWhereTheFactorIsTooLarge) {
  for (double factor : {4e4, 1e6, 1e300}) {
    const arith::Rescale rescale = MakeRescale(factor, kSmallAccumulator);
    EXPECT_EQ(rescale.shift, -15);
    EXPECT_GT(arith::Apply(rescale, kSmallAccumulator), 1 << 14);
    EXPECT_LT(arith::Apply(rescale, -kSmallAccumulator), -(1 << 14));
  }
}

TEST(MakeRescaleTest, KeepsEveryAccumulatorInside32Bits) {
  for (double factor = 1e-12; factor < 1e6; factor *= 7.7) {
    for (int64_t largest = 0; largest <= 1 << 30; largest = largest * 3 + 1) {
      const arith::Rescale rescale = MakeRescale(factor, largest);
      const int64_t shifted =
          rescale.shift > 0 ? largest + (int64_t{1} << (rescale.shift - 1))
                            : largest << -rescale.shift;
      EXPECT_LE(shifted, std::numeric_limits<int32_t>::max())
          << factor << " " << largest;
    }
  }
}

TEST(MakeRescaleTest, LimitsAFactorOnlyWhereTheProductSaturates) {
  const int64_t largest = 3'000'000;
  const arith::Rescale limited = MakeRescale(1e6, largest);
  EXPECT_GT(FactorOf(limited) * static_cast<double>(largest), arith::kInt16Max);
}

TEST(MakeRescaleTest, RoundsUpToTheNextPowerOfTwo) {
  const arith::Rescale rescale =
      MakeRescale(std::nextafter(0.25, 0.0), kSmallAccumulator);
  EXPECT_EQ(rescale.multiplier, 1 << 14);
  EXPECT_DOUBLE_EQ(FactorOf(rescale), 0.25);
}

TEST(MakeWideRescaleTest, IsWithinOneMultiplierStepOfTheFactor) {
  for (double factor = 1e-9; factor < 5e8; factor *= 2.3) {
    const WideRescale rescale = MakeWideRescale(factor);
    EXPECT_NEAR(std::ldexp(rescale.multiplier, -rescale.shift) / factor, 1.0,
                std::ldexp(1.0, -30));
    EXPECT_GE(rescale.shift, 1);
    EXPECT_LE(rescale.shift, 62);
  }
}

TEST(MakeWideRescaleTest, ClampsToWhatTheGateAdmits) {
  for (double factor : {0.0, 1e-30, 1e30}) {
    const WideRescale rescale = MakeWideRescale(factor);
    EXPECT_GE(rescale.multiplier, 1 << 30);
    EXPECT_GE(rescale.shift, 1);
    EXPECT_LE(rescale.shift, 62);
  }
}

// delta has a slope of at most 1/2, so an entry is off by at most a quarter of
// its width, and rounding adds half a unit of the table. With outputs of up to
// `range` the entries are at most 64 fine units wide.
TEST(MakeActivationTest, IsWithinAThirdOfACodeOnUsualRanges) {
  for (ActivationKind kind :
       {ActivationKind::kGelu, ActivationKind::kGeluTanh}) {
    for (double range = 3.5; range < 200; range *= 1.31) {
      EXPECT_LT(LargestActivationError(kind, range / 255),
                (1 << arith::kFineBits) / 3.0)
          << range;
    }
  }
}

// Where outputs are so small that all of int16 is the bend of the curve, its
// 256 entries are 128 fine units wide and 64 apart: both errors reach 32.
TEST(MakeActivationTest, IsNeverOffByMoreThanACode) {
  for (ActivationKind kind :
       {ActivationKind::kGelu, ActivationKind::kGeluTanh}) {
    for (double scale = 1e-9; scale < 100; scale *= 4.7) {
      EXPECT_LT(LargestActivationError(kind, scale), 1 << arith::kFineBits)
          << scale;
    }
  }
}

TEST(RoundToTest, RoundsHalvesAwayFromZeroAndClamps) {
  EXPECT_EQ(RoundTo<int8_t>(2.5), 3);
  EXPECT_EQ(RoundTo<int8_t>(-2.5), -3);
  EXPECT_EQ(RoundTo<int8_t>(1e9), 127);
  EXPECT_EQ(RoundTo<uint8_t>(-1.0), 0);
  EXPECT_EQ(RoundTo<int16_t>(-1e300), -32768);
  EXPECT_EQ(RoundTo<int32_t>(1e300), std::numeric_limits<int32_t>::max());
}

}  // namespace
}  // namespace moevit
