#include "kernels/arith/bits.h"

#include <cstdint>
#include <limits>
#include <random>

#include "gtest/gtest.h"

namespace moevit::arith {
namespace {

TEST(FloorLog2Test, IsExactAroundEveryPowerOfTwo) {
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t power = uint64_t{1} << bit;
    EXPECT_EQ(FloorLog2(power), bit);
    EXPECT_EQ(FloorLog2(power | (power >> 1)), bit);
    if (bit > 0) {
      EXPECT_EQ(FloorLog2(power - 1), bit - 1);
    }
  }
}

TEST(IntegerSqrtTest, IsExactAroundEverySquare) {
  for (uint64_t root : {1u, 2u, 3u, 255u, 65536u, 46341u, 4294967295u}) {
    EXPECT_EQ(IntegerSqrt(root * root), root);
    EXPECT_EQ(IntegerSqrt(root * root - 1), root - 1);
    EXPECT_EQ(IntegerSqrt(root * root + 1), root);
  }
}

TEST(IntegerSqrtTest, HandlesTheEndsOfTheRange) {
  EXPECT_EQ(IntegerSqrt(0), 0u);
  EXPECT_EQ(IntegerSqrt(std::numeric_limits<uint64_t>::max()), 4294967295u);
}

TEST(IntegerSqrtTest, IsExactForEveryNumberOfBits) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100000; ++i) {
    const uint64_t value = random() >> (i % 64);
    const uint64_t root = IntegerSqrt(value);
    EXPECT_LE(root * root, value);
    // Not (root + 1)^2 > value, which may exceed 64 bits.
    EXPECT_LE(value - root * root, 2 * root) << value;
  }
}

}  // namespace
}  // namespace moevit::arith
