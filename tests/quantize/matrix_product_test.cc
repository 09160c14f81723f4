#include "quantize/matrix_product.h"

#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "base/thread_pool.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

TEST(MatrixProductTest, MultipliesColumnRanges) {
  // The first two of three columns.
  const std::vector<float> a = {1, 2, -1, 3, 4, -1};
  const std::vector<float> b = {5, 6, -1, 7, 8, -1};
  std::vector<float> out(6, 9.0f);
  Multiply({a.data(), 2, 2, 3}, {b.data(), 2, 2, 3}, {out.data(), 2, 2, 3});
  EXPECT_THAT(out, ElementsAre(19, 22, 9, 43, 50, 9));
}

TEST(MatrixProductTest, ScalesAndKeepsWhenTransposed) {
  const std::vector<float> a = {1, 2, 3};
  const std::vector<float> b = {1, 1, 1, 0, 0, 1};
  std::vector<float> out = {100, 200};
  MultiplyTransposed({a.data(), 1, 3, 3}, {b.data(), 2, 3, 3}, /*scale=*/2.0f,
                     /*keep=*/0.5f, {out.data(), 1, 2, 2});
  EXPECT_THAT(out, ElementsAre(62, 106));
}

TEST(MatrixProductTest, IgnoresWhatWasThereWhenNothingIsKept) {
  const float a = 3, b = 4;
  float out = std::numeric_limits<float>::quiet_NaN();
  MultiplyTransposed({&a, 1, 1, 1}, {&b, 1, 1, 1}, /*scale=*/1.0f,
                     /*keep=*/0.0f, {&out, 1, 1, 1});
  EXPECT_EQ(out, 12.0f);
}

TEST(MatrixProductTest, LeavesAnEmptyResultAlone) {
  Multiply({nullptr, 0, 3, 3}, {nullptr, 3, 2, 2}, {nullptr, 0, 2, 2});
}

// Some builds of the BLAS share work buffers between concurrent calls. Calls
// differ in their values, or sharing would do no harm.
TEST(MatrixProductTest, GivesTheSameOnManyThreadsAsOnOne) {
  constexpr int kRows = 65, kInner = 192, kColumns = 97, kCalls = 5000;
  std::mt19937 engine(1);
  std::normal_distribution<float> normal;
  std::vector<float> a(kRows * kInner), b(kColumns * (kInner + 1));
  for (float& value : a) value = normal(engine);
  for (float& value : b) value = normal(engine);
  const auto product = [&](int64_t offset) {
    std::vector<float> out(kRows * kColumns);
    MultiplyTransposed({a.data(), kRows, kInner, kInner},
                       {b.data() + offset, kColumns, kInner, kInner},
                       /*scale=*/1.0f, /*keep=*/0.0f,
                       {out.data(), kRows, kColumns, kColumns});
    return out;
  };
  const std::vector<float> expected[] = {product(0), product(1), product(2)};
  std::vector<int> same(kCalls);
  ThreadPool(/*workers=*/4).ParallelFor(kCalls, [&](int64_t i, int) {
    same[i] = product(i % 3) == expected[i % 3];
  });
  EXPECT_THAT(same, Each(1));
}

}  // namespace
}  // namespace moevit
