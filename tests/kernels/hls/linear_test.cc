#include "kernels/hls/linear.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/hls/cards.h"
#include "tests/kernels/hls/linear_case.h"
#include "tests/kernels/hls/random_cases.h"

namespace moevit {
namespace {

using hls::TestCard;
using hls::U280;

template <typename Card>
void Launch(LinearBuffers* buffers) {
  hls::Linear<Card>(buffers->schedule.data(), buffers->weights[0].data(),
                    buffers->weights[1].data(), buffers->input.data(),
                    buffers->residual.data(), buffers->output.data(),
                    buffers->items());
}

bool SameWords(const std::vector<hls::Word>& a,
               const std::vector<hls::Word>& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [](const hls::Word& x, const hls::Word& y) {
                      return std::equal(x.lanes, x.lanes + hls::kWordBytes,
                                        y.lanes);
                    });
}

// Whether the kernel writes what the reference computes, and nothing else.
template <typename Card>
bool MatchesReference(const LinearCase& test) {
  LinearBuffers buffers = MakeBuffers(test, Card::kLinear);
  Launch<Card>(&buffers);
  return SameWords(buffers.output, buffers.expected);
}

struct Size {
  int in = 1;
  int out = 1;
  int rows = 1;
};

// `rows` rows of input, residual and output, without work.
LinearCase EmptyCase(const Size& size, hls::OutputKind kind, bool extreme,
                     std::mt19937& random) {
  LinearCase test;
  test.kind = kind;
  test.in = size.in;
  test.out = size.out;
  test.residual_shift = Uniform(0, 15, random);
  test.input = RandomCodes(size.rows * size.in, extreme, random);
  test.residual = RandomInt16(size.rows * size.out, extreme, random);
  test.output_rows = size.rows;
  return test;
}

LinearCase DenseCase(const Size& size, hls::OutputKind kind, bool extreme,
                     std::mt19937& random) {
  LinearCase test = EmptyCase(size, kind, extreme, random);
  test.AddDense(
      RandomMatrix(size.in, size.out, kind == hls::kCodes, extreme, random),
      /*first_row=*/0, size.rows);
  return test;
}

// Every output row goes to one of `experts`, by `expert_of`.
template <typename ExpertOf>
LinearCase ExpertCase(const Size& size, int experts, hls::OutputKind kind,
                      const ExpertOf& expert_of, std::mt19937& random) {
  LinearCase test = EmptyCase(size, kind, /*extreme=*/false, random);
  test.works.resize(static_cast<size_t>(experts));
  for (LinearWork& work : test.works) {
    work.matrix = RandomMatrix(size.in, size.out, Uniform(0, 1, random) == 1,
                               /*extreme=*/false, random);
  }
  std::vector<int> rows(static_cast<size_t>(size.rows));
  std::iota(rows.begin(), rows.end(), 0);
  std::shuffle(rows.begin(), rows.end(), random);
  for (const int row : rows) {
    LinearWork& work = test.works[static_cast<size_t>(expert_of(row))];
    work.indices.push_back({Uniform(0, size.rows - 1, random), row,
                            Uniform(0, size.rows - 1, random), 0});
    ++work.rows;
  }
  return test;
}

constexpr hls::OutputKind kKinds[] = {hls::kCodes, hls::kFine, hls::kAdd};

class LinearKernel : public testing::Test {
 protected:
  std::mt19937 random_{20240613};
};

TEST_F(LinearKernel, MatchesTheReferenceForRandomDenseShapes) {
  for (int i = 0; i < 1500; ++i) {
    const Size size = {Uniform(1, 150, random_), Uniform(1, 90, random_),
                       Uniform(1, 9, random_)};
    const bool extreme = i % 4 == 0;
    ASSERT_TRUE(MatchesReference<TestCard>(
        DenseCase(size, kKinds[i % 3], extreme, random_)))
        << size.rows << " rows, " << size.in << " -> " << size.out;
  }
}

TEST_F(LinearKernel, MatchesTheReferenceForRandomExperts) {
  for (int i = 0; i < 500; ++i) {
    const Size size = {Uniform(1, 100, random_), Uniform(1, 70, random_),
                       Uniform(1, 30, random_)};
    const int experts = Uniform(1, 6, random_);
    const auto any = [&](int) { return Uniform(0, experts - 1, random_); };
    ASSERT_TRUE(MatchesReference<TestCard>(
        ExpertCase(size, experts, kKinds[i % 3], any, random_)))
        << size.rows << " rows, " << experts << " experts, " << size.in
        << " -> " << size.out;
  }
}

TEST_F(LinearKernel, MatchesTheReferenceWithTheTilesOfACard) {
  for (int i = 0; i < 60; ++i) {
    const Size size = {Uniform(1, 200, random_), Uniform(1, 100, random_),
                       Uniform(1, 11, random_)};
    const int experts = Uniform(1, 4, random_);
    const auto any = [&](int) { return Uniform(0, experts - 1, random_); };
    ASSERT_TRUE(MatchesReference<U280>(
        ExpertCase(size, experts, kKinds[i % 3], any, random_)));
  }
}

TEST_F(LinearKernel, MatchesTheReferenceAroundTheBordersOfTiles) {
  for (const int in : {63, 64, 65, 128, 129}) {
    for (const int out : {31, 32, 33, 63, 64, 65}) {
      for (const int rows : {1, 2, 3}) {
        ASSERT_TRUE(MatchesReference<TestCard>(
            DenseCase({in, out, rows}, kKinds[(in + out) % 3],
                      /*extreme=*/true, random_)))
            << rows << " rows, " << in << " -> " << out;
      }
    }
  }
}

TEST_F(LinearKernel, SplitsMatricesThatDoNotFitTheWeightBuffer) {
  // 128 words per lane hold 8 words of 64 output channels.
  const Size size = {8 * 64, 130, 5};
  ASSERT_FALSE(hls::FitsOneItem(TestCard::kLinear, 8, size.out));
  for (const hls::OutputKind kind : kKinds) {
    const LinearCase test = DenseCase(size, kind, /*extreme=*/false, random_);
    EXPECT_EQ(MakeBuffers(test, TestCard::kLinear).items(), 3);
    EXPECT_TRUE(MatchesReference<TestCard>(test));
  }
}

TEST_F(LinearKernel, OneExpertTakesAll) {
  const auto the_last = [](int) { return 4; };
  EXPECT_TRUE(MatchesReference<TestCard>(
      ExpertCase({70, 40, 33}, /*experts=*/5, hls::kCodes, the_last, random_)));
}

TEST_F(LinearKernel, SkipsExpertsWithoutTokens) {
  for (const int used : {0, 2, 4}) {
    const auto one_of_two = [&](int row) { return row % 2 == 0 ? used : 3; };
    EXPECT_TRUE(MatchesReference<TestCard>(ExpertCase(
        {70, 40, 9}, /*experts=*/5, hls::kFine, one_of_two, random_)));
  }
}

TEST_F(LinearKernel, DoesNotReadTheMatrixOfAnExpertWithoutTokens) {
  const auto second = [](int) { return 1; };
  const LinearCase test =
      ExpertCase({64, 16, 4}, /*experts=*/2, hls::kFine, second, random_);
  LinearBuffers buffers = MakeBuffers(test, TestCard::kLinear);
  hls::sim::Counts counts;
  {
    const hls::sim::ScopedCounts scope(&counts);
    Launch<TestCard>(&buffers);
  }
  EXPECT_EQ(counts["linear_weight_lines"], hls::MatrixImageWords(1, 16));
}

TEST_F(LinearKernel, WritesNothingWithoutItems) {
  const LinearCase test =
      EmptyCase({64, 64, 3}, hls::kCodes, /*extreme=*/false, random_);
  EXPECT_TRUE(MatchesReference<TestCard>(test));
}

TEST_F(LinearKernel, WritesNothingIfNoExpertHasTokens) {
  LinearCase test =
      EmptyCase({64, 64, 3}, hls::kCodes, /*extreme=*/false, random_);
  for (int i = 0; i < 3; ++i) {
    test.AddDense(RandomMatrix(64, 64, false, false, random_), 0, /*rows=*/0);
  }
  EXPECT_TRUE(MatchesReference<TestCard>(test));
}

TEST_F(LinearKernel, SaysWhatItWasBuiltWith) {
  hls::Word answer = {};
  hls::RunLinear<TestCard>(nullptr, nullptr, nullptr, nullptr, nullptr, &answer,
                           hls::kAskForTiles);
  hls::LinearTiles tiles = {};
  ASSERT_TRUE(hls::ReadTiles(answer, tiles));
  EXPECT_EQ(tiles.token_lanes, TestCard::kLinear.token_lanes);
  EXPECT_EQ(tiles.out_lanes, TestCard::kLinear.out_lanes);
  EXPECT_EQ(tiles.weight_words, TestCard::kLinear.weight_words);
  EXPECT_EQ(tiles.max_in_words, TestCard::kLinear.max_in_words);
  EXPECT_EQ(tiles.max_out, TestCard::kLinear.max_out);
}

TEST_F(LinearKernel, SizesAreNeitherUnwrittenNorDamagedWords) {
  hls::LinearTiles tiles = {};
  EXPECT_FALSE(hls::ReadTiles(hls::Word{}, tiles));
  for (int bit = 0; bit < 2 * hls::kTileSizes * 32; ++bit) {
    hls::Word answer = hls::WordOfTiles(U280::kLinear);
    answer[bit / 8] ^= static_cast<int8_t>(1 << bit % 8);
    EXPECT_FALSE(hls::ReadTiles(answer, tiles)) << bit;
  }
}

TEST_F(LinearKernel, AddsInPlace) {
  const LinearCase test =
      DenseCase({100, 70, 9}, hls::kAdd, /*extreme=*/false, random_);
  LinearBuffers buffers = MakeBuffers(test, TestCard::kLinear);
  buffers.output = buffers.residual;
  hls::Linear<TestCard>(buffers.schedule.data(), buffers.weights[0].data(),
                        buffers.weights[1].data(), buffers.input.data(),
                        buffers.output.data(), buffers.output.data(),
                        buffers.items());
  EXPECT_TRUE(SameWords(buffers.output, buffers.expected));
}

// The patch embedding: positions repeat from image to image, and rows without
// a patch take their prefix through a matrix of zeros.
TEST_F(LinearKernel, EmbedsPatchesOfSeveralImages) {
  constexpr int kImages = 3;
  constexpr int kPatches = 5;
  constexpr int kRows = kPatches + 1;
  LinearCase test = EmptyCase({48, 40, kImages * kRows}, hls::kAdd,
                              /*extreme=*/false, random_);
  test.residual_shift = 0;
  test.works.resize(2);
  test.works[0].matrix = RandomMatrix(48, 40, false, false, random_);
  Matrix& zeros = test.works[1].matrix.matrix;
  zeros = {48,
           40,
           std::vector<int8_t>(48 * 40),
           std::vector<int32_t>(40),
           std::vector<int16_t>(40),
           std::vector<int8_t>(40)};
  for (int image = 0; image < kImages; ++image) {
    test.works[1].indices.push_back({0, image * kRows, 0, 0});
    for (int p = 0; p < kPatches; ++p) {
      test.works[0].indices.push_back(
          {image * kPatches + p, image * kRows + 1 + p, 1 + p, 0});
    }
  }
  test.works[0].rows = kImages * kPatches;
  test.works[1].rows = kImages;
  EXPECT_TRUE(MatchesReference<TestCard>(test));
}

TEST_F(LinearKernel, RunsAsThreadsWithItsStreams) {
  const hls::sim::ScopedThreads threads;
  for (int i = 0; i < 12; ++i) {
    const auto any = [&](int) { return Uniform(0, 3, random_); };
    EXPECT_TRUE(MatchesReference<TestCard>(
        ExpertCase({Uniform(1, 200, random_), Uniform(1, 50, random_), 13},
                   /*experts=*/4, kKinds[i % 3], any, random_)));
  }
}

// No stream needs to hold more than one element: each process has one
// predecessor, so that there is nothing to wait for in a circle.
TEST_F(LinearKernel, DoesNotDeadlockWithStreamsOfOneElement) {
  const hls::sim::ScopedThreads threads(/*max_depth=*/1);
  for (int i = 0; i < 12; ++i) {
    const auto own = [&](int row) { return row % 6; };
    EXPECT_TRUE(MatchesReference<TestCard>(
        ExpertCase({Uniform(1, 200, random_), Uniform(1, 50, random_),
                    Uniform(1, 12, random_)},
                   /*experts=*/6, kKinds[i % 3], own, random_)));
  }
}

}  // namespace
}  // namespace moevit
