#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/hls/attention_model.h"
#include "kernels/hls/attention_region.h"
#include "kernels/hls/cards.h"
#include "kernels/hls/kernels.h"
#include "kernels/hls/sim/counts.h"
#include "kernels/hls/sim/dataflow.h"
#include "tests/kernels/hls/attention_case.h"
#include "tests/kernels/hls/random_cases.h"

namespace moevit {
namespace {

using hls::Word;

bool SameBytes(const std::vector<Word>& a, const std::vector<Word>& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(Word)) == 0;
}

template <int kQueries>
std::vector<Word> RunKernel(const AttentionCase& test) {
  const std::vector<Word> qkv = test.QkvWords();
  const std::vector<Word> parameters = test.ParameterWords();
  std::vector<Word> output(qkv.size() / 3);
  hls::RunAttention<kQueries>(test.Shape(kQueries), qkv.data(),
                              parameters.data(), output.data());
  return output;
}

AttentionCase AnyAttention(std::mt19937& random) {
  AttentionSize size;
  size.images = Uniform(1, 2, random);
  size.tokens = Uniform(1, 25, random);
  size.heads = Uniform(1, 2, random);
  size.head_width = Uniform(1, 150, random);
  size.levels = Uniform(0, 1, random) == 0 ? 16 : 256;
  return RandomAttention(size, /*extreme=*/Uniform(0, 3, random) == 0, random);
}

TEST(AttentionKernelTest, GivesTheBitsOfTheReferenceForAnyShape) {
  std::mt19937 random(6);
  for (int i = 0; i < kRandomCases; ++i) {
    const AttentionCase test = AnyAttention(random);
    const std::vector<Word> expected = test.ExpectedWords();
    ASSERT_TRUE(SameBytes(RunKernel<2>(test), expected)) << i;
    ASSERT_TRUE(SameBytes(RunKernel<8>(test), expected)) << i;
  }
}

TEST(AttentionKernelTest, ReadsItsShapeFromTheHeader) {
  std::mt19937 random(8);
  const AttentionCase test = AnyAttention(random);
  const std::vector<Word> qkv = test.QkvWords();
  const std::vector<Word> parameters = test.ParameterWords();
  std::vector<Word> output(qkv.size() / 3);
  moevit_attention(qkv.data(), parameters.data(), output.data(), test.images);
  EXPECT_TRUE(SameBytes(output, test.ExpectedWords()));
}

TEST(AttentionKernelTest, RunsInThreadsWithItsStreams) {
  std::mt19937 random(7);
  const hls::sim::ScopedThreads threads;
  for (int i = 0; i < 3; ++i) {
    const AttentionCase test = AnyAttention(random);
    EXPECT_TRUE(SameBytes(RunKernel<4>(test), test.ExpectedWords())) << i;
  }
}

// With one word per head and two queries, streams of two elements will do.
TEST(AttentionKernelTest, NeedsNoDeeperStreamsThanTheQueriesOfAPass) {
  std::mt19937 random(7);
  for (const int tokens : {1, 2, 3, 9}) {
    for (const int head_width : {5, 65, 130}) {
      const AttentionCase test =
          RandomAttention({/*images=*/2, tokens, /*heads=*/2, head_width,
                           /*levels=*/256},
                          /*extreme=*/false, random);
      const hls::AttentionShape shape = test.Shape(/*queries=*/2);
      const hls::sim::ScopedThreads threads(shape.query_words());
      EXPECT_TRUE(SameBytes(RunKernel<2>(test), test.ExpectedWords()))
          << tokens << " tokens, head width " << head_width;
    }
  }
}

TEST(AttentionModelTest, CountsTheIterationsAndBytesOfTheKernel) {
  std::mt19937 random(9);
  for (int i = 0; i < 40; ++i) {
    const AttentionCase test = AnyAttention(random);
    hls::sim::Counts counts;
    {
      const hls::sim::ScopedCounts scope(&counts);
      RunKernel<4>(test);
    }
    const hls::AttentionCount model = hls::CountAttention(test.Shape(4));
    EXPECT_EQ(model.load, counts["attention_load"]);
    EXPECT_EQ(model.scores, counts["attention_scores"]);
    EXPECT_EQ(model.softmax, counts["attention_softmax"]);
    EXPECT_EQ(model.mix, counts["attention_mix"]);
    EXPECT_EQ(model.output, counts["attention_output"]);
    EXPECT_EQ(model.store, counts["attention_store"]);
    EXPECT_EQ(model.parameter_bytes, counts["attention_parameter_bytes"]);
    EXPECT_EQ(model.read_bytes, counts["attention_load_bytes"]);
    EXPECT_EQ(model.written_bytes, counts["attention_store_bytes"]);
  }
}

// Attention of DeiT-S, eight images.
hls::AttentionShape DeitSmall(int queries) {
  return {/*images=*/8,      /*tokens=*/197, /*heads=*/6,
          /*head_width=*/64,
          /*head_words=*/1,  /*levels=*/16,  queries};
}

TEST(AttentionModelTest, KeepsTheMultipliersBusy) {
  constexpr int kQueries = hls::U280::kAttentionQueries;
  const hls::AttentionShape shape = DeitSmall(kQueries);
  const int64_t peak =
      hls::AttentionCycles(shape) * hls::AttentionProductsPerCycle(kQueries);
  EXPECT_GT(100 * hls::AttentionProducts(shape), 97 * peak);
}

TEST(AttentionModelTest, ReadsTheSameBytesWhateverTheParallelism) {
  EXPECT_EQ(hls::CountAttention(DeitSmall(2)).read_bytes,
            hls::CountAttention(DeitSmall(16)).read_bytes);
}

TEST(AttentionModelTest, MakesNearlyTwoProductsPerMultiplier) {
  const hls::Resources unit = hls::AttentionResources(/*queries=*/8);
  EXPECT_GE(10 * hls::AttentionProductsPerCycle(8), 18 * unit.dsp);
}

TEST(AttentionShapeTest, TellsWhatDoesNotFit) {
  hls::AttentionShape shape = DeitSmall(8);
  EXPECT_TRUE(hls::AttentionFits(shape));
  shape.tokens = hls::kMaxAttentionTokens + 1;
  EXPECT_FALSE(hls::AttentionFits(shape));
  shape = DeitSmall(8);
  shape.head_width = 64 * hls::kMaxHeadWords + 1;
  shape.head_words = hls::kMaxHeadWords + 1;
  EXPECT_FALSE(hls::AttentionFits(shape));
  shape = DeitSmall(8);
  shape.heads = hls::kMaxAttentionRowWords + 1;
  EXPECT_FALSE(hls::AttentionFits(shape));
}

}  // namespace
}  // namespace moevit
