#include "kernels/hls/packed_product.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace moevit {
namespace hls {
namespace {

constexpr int kLargestSum = kPackedSums * 128 * 127;

int8_t Code(int value) { return static_cast<int8_t>(value); }

// All 2^24 combinations less those with the weight -128.
TEST(PackedProductTest, IsTwoProductsForAllOperands) {
  for (int weight = -127; weight <= 127; ++weight) {
    for (int low = -128; low <= 127; ++low) {
      for (int high = -128; high <= 127; ++high) {
        const int64_t product =
            PackedProduct(Code(low), Code(high), Code(weight));
        ASSERT_EQ(LowSum(product), low * weight);
        ASSERT_EQ(HighSum(product), high * weight);
      }
    }
  }
}

TEST(PackedProductTest, FitsTheMultiplier) {
  const int64_t largest_operand = int64_t{128} * (1 << kLowBits) + 128;
  EXPECT_LE(largest_operand, int64_t{1} << 26);
}

// A sum of packed products is high * 2^18 + low for the sums of either lane:
// every value that eight low products can add up to, under sums of all signs.
TEST(PackedProductTest, SplitsEverySumOfEight) {
  for (const int high : {-kLargestSum, -1, 0, 1, kLargestSum}) {
    for (int low = -kLargestSum; low <= kLargestSum; ++low) {
      const int64_t sum = int64_t{high} * (1 << kLowBits) + low;
      ASSERT_EQ(LowSum(sum), low);
      ASSERT_EQ(HighSum(sum), high);
    }
  }
}

TEST(PackedProductTest, AddsUpToTheWorstCase) {
  for (const int low : {-128, 127}) {
    for (const int high : {-128, 127}) {
      for (const int weight : {-127, 127}) {
        int64_t sum = 0;
        for (int i = 0; i < kPackedSums; ++i) {
          sum += PackedProduct(Code(low), Code(high), Code(weight));
        }
        EXPECT_EQ(LowSum(sum), kPackedSums * low * weight);
        EXPECT_EQ(HighSum(sum), kPackedSums * high * weight);
      }
    }
  }
}

TEST(PackedProductTest, DoesNotHoldANinthProduct) {
  int64_t sum = 0;
  for (int i = 0; i < kPackedSums + 1; ++i) {
    sum += PackedProduct(Code(-128), Code(0), Code(-127));
  }
  EXPECT_NE(LowSum(sum), (kPackedSums + 1) * 128 * 127);
}

}  // namespace
}  // namespace hls
}  // namespace moevit
