#include "quantize/code_moments.h"

#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace moevit {
namespace {

constexpr int kChannels = 5;

std::vector<int8_t> RandomCodes(int rows, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> code(-128, 127);
  std::vector<int8_t> codes(static_cast<size_t>(rows) * kChannels);
  for (int8_t& c : codes) c = static_cast<int8_t>(code(random));
  return codes;
}

CodeMoments MomentsOf(const std::vector<int8_t>& codes) {
  CodeMoments moments(kChannels);
  moments.Add(codes.data(), static_cast<int>(codes.size()) / kChannels);
  return moments;
}

TEST(CodeMomentsTest, AreExactBeyondTheIntegersOfAFloat) {
  constexpr int kRows = 5003;
  // The worst case for 24-bit sums: all products are 2^14.
  const std::vector<int8_t> codes(kRows * kChannels, -128);
  const CodeMoments moments = MomentsOf(codes);
  EXPECT_EQ(moments.rows(), kRows);
  for (double mean : moments.Mean()) EXPECT_EQ(mean, -128);
  for (double covariance : moments.Covariance()) EXPECT_EQ(covariance, 0);
}

TEST(CodeMomentsTest, AreThoseOfIntegerArithmetic) {
  constexpr int kRows = 1031;
  const std::vector<int8_t> codes = RandomCodes(kRows, /*seed=*/1);
  const CodeMoments moments = MomentsOf(codes);
  std::vector<int64_t> sum(kChannels);
  std::vector<int64_t> products(kChannels * kChannels);
  for (int row = 0; row < kRows; ++row) {
    for (int i = 0; i < kChannels; ++i) {
      sum[i] += codes[row * kChannels + i];
      for (int j = 0; j < kChannels; ++j) {
        products[i * kChannels + j] +=
            codes[row * kChannels + i] * codes[row * kChannels + j];
      }
    }
  }
  const std::vector<double> mean = moments.Mean();
  const std::vector<double> covariance = moments.Covariance();
  for (int i = 0; i < kChannels; ++i) {
    EXPECT_EQ(mean[i], static_cast<double>(sum[i]) / kRows);
    for (int j = 0; j < kChannels; ++j) {
      EXPECT_EQ(covariance[i * kChannels + j],
                static_cast<double>(products[i * kChannels + j]) / kRows -
                    mean[i] * mean[j]);
    }
  }
}

TEST(CodeMomentsTest, DoNotDependOnTheOrderOfMerging) {
  const CodeMoments a = MomentsOf(RandomCodes(17, /*seed=*/2));
  const CodeMoments b = MomentsOf(RandomCodes(1025, /*seed=*/3));
  CodeMoments ab = a;
  ab.Merge(b);
  CodeMoments ba = b;
  ba.Merge(a);
  EXPECT_EQ(ab.rows(), 1042);
  EXPECT_EQ(ab.Mean(), ba.Mean());
  EXPECT_EQ(ab.Covariance(), ba.Covariance());
}

TEST(CodeMomentsTest, MergeWithNothingChangesNothing) {
  const CodeMoments filled = MomentsOf(RandomCodes(9, /*seed=*/4));
  CodeMoments left;
  left.Merge(filled);
  CodeMoments right = filled;
  right.Merge(CodeMoments());
  right.Merge(CodeMoments(kChannels));
  EXPECT_EQ(left.rows(), 9);
  EXPECT_EQ(right.rows(), 9);
  EXPECT_EQ(left.Covariance(), right.Covariance());
}

}  // namespace
}  // namespace moevit
