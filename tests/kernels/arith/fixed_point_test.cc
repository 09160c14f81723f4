#include "kernels/arith/fixed_point.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>

#include "gtest/gtest.h"

namespace moevit::arith {
namespace {

TEST(RoundingShiftTest, RoundsHalfUpForBothSigns) {
  EXPECT_EQ(RoundingShift(3, 1), 2);    // 1.5
  EXPECT_EQ(RoundingShift(-3, 1), -1);  // -1.5
  EXPECT_EQ(RoundingShift(5, 2), 1);    // 1.25
  EXPECT_EQ(RoundingShift(-5, 2), -1);  // -1.25
  EXPECT_EQ(RoundingShift(-7, 2), -2);  // -1.75
}

TEST(RoundingShiftTest, KeepsTheValueAtZeroAndMultipliesBelow) {
  EXPECT_EQ(RoundingShift(-123, 0), -123);
  EXPECT_EQ(RoundingShift(-5, -3), -40);
}

TEST(MultiplyHighTest, EqualsTheRoundedProductForRandomOperands) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int> any(-32768, 32767);
  for (int i = 0; i < 100000; ++i) {
    const int a = any(random);
    const int b = any(random);
    if (a == -32768 && b == -32768) continue;
    const double exact = static_cast<double>(a) * b / 32768.0;
    EXPECT_EQ(MultiplyHigh(static_cast<int16_t>(a), static_cast<int16_t>(b)),
              static_cast<int>(std::floor(exact + 0.5)))
        << a << " * " << b;
  }
}

TEST(ApplyTest, StaysWithinOneUnitOfTheExactProduct) {
  std::mt19937 random(11);
  std::uniform_int_distribution<int> accumulators(-(1 << 23), 1 << 23);
  std::uniform_int_distribution<int> multipliers(1 << 14, (1 << 15) - 1);
  for (int shift : {8, 9, 13, 20}) {
    for (int i = 0; i < 20000; ++i) {
      const int accumulator = accumulators(random);
      const int multiplier = multipliers(random);
      const double exact = accumulator * std::ldexp(multiplier, -15 - shift);
      const int got =
          Apply({static_cast<int16_t>(multiplier), static_cast<int8_t>(shift)},
                accumulator);
      if (std::abs(exact) < 16000) {
        EXPECT_NEAR(got, exact, 1.0);
      }
    }
  }
}

TEST(ApplyTest, SaturatesInsteadOfWrapping) {
  const Rescale rescale = {32767, 0};
  EXPECT_EQ(Apply(rescale, std::numeric_limits<int32_t>::max()), 32766);
  EXPECT_EQ(Apply(rescale, std::numeric_limits<int32_t>::min()), -32767);
}

TEST(ApplyTest, ZeroMultiplierGivesZero) {
  EXPECT_EQ(Apply({0, 5}, 123456789), 0);
}

TEST(FineToCodeTest, RoundsHalfUpAroundTheZeroPoint) {
  constexpr int kHalf = 1 << (kFineBits - 1);
  EXPECT_EQ(FineToCode(kHalf, 0), 1);
  EXPECT_EQ(FineToCode(kHalf - 1, 0), 0);
  EXPECT_EQ(FineToCode(-kHalf, 0), 0);
  EXPECT_EQ(FineToCode(-kHalf - 1, 0), -1);
  EXPECT_EQ(FineToCode(2 * kHalf, -100), -99);
}

TEST(FineToCodeTest, SaturatedAccumulatorsReachTheFarEndOfTheCodes) {
  for (int multiplier : {1 << 14, (1 << 15) - 1}) {
    const Rescale rescale = {static_cast<int16_t>(multiplier), 3};
    EXPECT_EQ(FineToCode(Apply(rescale, 1 << 29), -128), 127) << multiplier;
    EXPECT_EQ(FineToCode(Apply(rescale, -(1 << 29)), 127), -128) << multiplier;
  }
}

TEST(FineToCodeTest, SaturatesAtBothEnds) {
  EXPECT_EQ(FineToCode(32767, 0), 127);
  EXPECT_EQ(FineToCode(-32768, 0), -128);
  EXPECT_EQ(FineToCode(32767, -128), 127);
  EXPECT_EQ(FineToCode(-32768, 127), -128);
}

}  // namespace
}  // namespace moevit::arith
