#include "kernels/hls/linear_model.h"

#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/hls/cards.h"
#include "kernels/hls/linear.h"
#include "tests/kernels/hls/linear_case.h"

namespace moevit {
namespace {

using hls::LinearIterations;
using hls::LinearShape;
using hls::TestCard;
using hls::U280;

std::vector<LinearShape> ShapesOf(const LinearBuffers& buffers) {
  std::vector<LinearShape> shapes;
  for (const hls::LinearItem& item : buffers.list) {
    shapes.push_back(
        {item.rows, item.in_words, item.out, item.output_kind == hls::kAdd});
  }
  return shapes;
}

// Runs the kernel and compares what it counted with the model.
template <typename Card>
void CompareWithModel(const LinearCase& test) {
  LinearBuffers buffers = MakeBuffers(test, Card::kLinear);
  hls::sim::Counts counts;
  {
    const hls::sim::ScopedCounts scope(&counts);
    hls::Linear<Card>(buffers.schedule.data(), buffers.weights[0].data(),
                      buffers.weights[1].data(), buffers.input.data(),
                      buffers.residual.data(), buffers.output.data(),
                      buffers.items());
  }
  const LinearIterations model = hls::CountLinear(
      Card::kLinear, ShapesOf(buffers).data(), buffers.items());
  EXPECT_EQ(model.schedule, counts["linear_schedule"]);
  EXPECT_EQ(model.weight_lines, counts["linear_weight_lines"]);
  EXPECT_EQ(model.gather, counts["linear_gather"]);
  EXPECT_EQ(model.repeat, counts["linear_repeat"]);
  EXPECT_EQ(model.multiply, counts["linear_multiply"]);
  EXPECT_EQ(model.rescale, counts["linear_rescale"]);
  EXPECT_EQ(model.transpose, counts["linear_transpose"]);
  EXPECT_EQ(model.residual, counts["linear_residual"]);
  EXPECT_EQ(model.write, counts["linear_write"]);
}

LinearCase RandomLaunch(std::mt19937& random) {
  const auto uniform = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  LinearCase test;
  constexpr hls::OutputKind kKinds[] = {hls::kCodes, hls::kFine, hls::kAdd};
  test.kind = kKinds[uniform(0, 2)];
  test.in = uniform(1, 300);
  test.out = uniform(1, 100);
  test.output_rows = 20;
  test.input = RandomCodes(test.output_rows * test.in, false, random);
  test.residual = RandomInt16(test.output_rows * test.out, false, random);
  const int items = uniform(1, 5);
  for (int i = 0; i < items; ++i) {
    test.AddDense(RandomMatrix(test.in, test.out, false, false, random),
                  /*first_row=*/0, uniform(0, test.output_rows));
  }
  return test;
}

TEST(LinearModelTest, CountsTheIterationsOfTheKernel) {
  std::mt19937 random(11);
  for (int i = 0; i < 40; ++i) {
    const LinearCase test = RandomLaunch(random);
    CompareWithModel<TestCard>(test);
    CompareWithModel<U280>(test);
  }
}

// A dense layer of DeiT-S with the tokens of eight images.
constexpr LinearShape kDense = {/*rows=*/8 * 197, /*in_words=*/6,
                                /*out=*/1536, /*adds=*/false};

constexpr LinearIterations CountOne(const LinearShape& shape) {
  return CountLinear(U280::kLinear, &shape, 1);
}

TEST(LinearModelTest, KeepsTheMultipliersBusyInADenseLayer) {
  const int64_t products =
      int64_t{kDense.rows} * kDense.in_words * hls::kWordCodes * kDense.out;
  const int64_t cycles = hls::LinearCycles(CountOne(kDense));
  const int64_t peak = cycles * hls::LinearProducts(U280::kLinear);
  EXPECT_GT(100 * products, 97 * peak);
}

TEST(LinearModelTest, HidesTheLoadOfTheNextExpertBehindItsTokens) {
  // M3ViT-S: 16 experts, width 384, hidden width 768.
  std::vector<LinearShape> few(16, {/*rows=*/16, 6, 768, false});
  std::vector<LinearShape> many(16, {/*rows=*/64, 6, 768, false});
  const LinearIterations of_few = CountLinear(U280::kLinear, few.data(), 16);
  const LinearIterations of_many = CountLinear(U280::kLinear, many.data(), 16);
  EXPECT_EQ(of_few.weight_lines, of_many.weight_lines);
  const int64_t one_load = hls::MatrixImageWords(6, 768);
  EXPECT_EQ(of_many.multiply, one_load + 16 * (64 / 4) * (768 / 16) * 6);
  EXPECT_EQ(of_few.multiply, 16 * one_load + (16 / 4) * (768 / 16) * 6);
}

TEST(LinearModelTest, MakesTwoProductsPerMultiplier) {
  const hls::Resources unit = hls::LinearResources(U280::kLinear);
  EXPECT_GE(10 * hls::LinearProducts(U280::kLinear), 19 * unit.dsp);
}

}  // namespace
}  // namespace moevit
