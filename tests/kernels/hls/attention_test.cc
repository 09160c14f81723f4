#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/hls/attention_region.h"
#include "kernels/hls/kernels.h"
#include "kernels/hls/sim/dataflow.h"
#include "tests/kernels/hls/attention_case.h"

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

int Uniform(int low, int high, std::mt19937& random) {
  return std::uniform_int_distribution<int>(low, high)(random);
}

AttentionCase AnyAttention(std::mt19937& random) {
  AttentionSize size;
  size.images = Uniform(1, 3, random);
  size.tokens = Uniform(1, 40, random);
  size.heads = Uniform(1, 3, random);
  size.head_width = Uniform(1, 150, random);
  size.levels = Uniform(0, 1, random) == 0 ? 16 : 256;
  return RandomAttention(size, /*extreme=*/Uniform(0, 3, random) == 0, random);
}

TEST(AttentionKernelTest, GivesTheBitsOfTheReferenceForAnyShape) {
  std::mt19937 random(6);
  for (int i = 0; i < 300; ++i) {
    const AttentionCase test = AnyAttention(random);
    const std::vector<Word> expected = test.ExpectedWords();
    ASSERT_TRUE(SameBytes(RunKernel<2>(test), expected));
    ASSERT_TRUE(SameBytes(RunKernel<8>(test), expected));
  }
}

TEST(AttentionKernelTest, NeedsNoDeeperStreamsThanTheQueriesOfAPass) {
  std::mt19937 random(7);
  for (int i = 0; i < 20; ++i) {
    const AttentionCase test = AnyAttention(random);
    const hls::sim::ScopedThreads threads(4 * test.Shape(4).head_words);
    EXPECT_TRUE(SameBytes(RunKernel<4>(test), test.ExpectedWords()));
  }
}

}  // namespace
}  // namespace moevit
