// Random programs on random numbers of threads and images against the
// reference. MOEVIT_TEST_ROUNDS=1000 searches for longer.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/cpu/isa.h"
#include "kernels/reference/reference_executor.h"
#include "program/random_program.h"
#include "program/verify.h"
#include "tests/kernels/cpu/edited_programs.h"
#include "tests/kernels/cpu/test_rounds.h"

namespace moevit {
namespace {

class Chooser {
 public:
  explicit Chooser(uint32_t seed) : random_(seed) {}

  int Between(int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random_);
  }
  bool OneIn(int count) { return Between(1, count) == 1; }

  RandomProgramOptions Options() {
    RandomProgramOptions options;
    options.seed = random_();
    options.patch_size = Between(1, 4);
    const int side = OneIn(6) ? Between(10, 14) : Between(1, 7);
    options.image_size = options.patch_size * side;
    options.channels = Between(1, 4);
    options.heads = Between(1, 4);
    options.width = options.heads * Between(1, OneIn(4) ? 40 : 12);
    options.depth = Between(1, 3);
    options.mlp_width = Between(1, 90);
    options.experts = Between(0, OneIn(4) ? 40 : 6);
    options.top_k = options.experts == 0 ? 1 : Between(1, options.experts);
    if (options.top_k > 4 && !OneIn(4)) options.top_k = 2;
    options.expert_width = Between(1, 90);
    options.softmax_before_top_k = OneIn(2);
    options.prefix_tokens = Between(0, 2);
    options.pool_mean = options.prefix_tokens == 0 || OneIn(3);
    if (options.prefix_tokens == 2 && !options.pool_mean) options.head_rows = 2;
    options.attention_levels = OneIn(2) ? 16 : 256;
    options.classes = Between(1, 80);
    return options;
  }

  // At most one of the changes that every program admits.
  void Edit(Program& program) {
    switch (Between(0, 8)) {
      case 0:
        return SaturateProducts(program);
      case 1:
        return UseExtremeWeights(program);
      case 2:
        return SendAllToLastExperts(program);
      case 3:
        return UseExtremeAttention(program);
      case 4:
        return ForgetResiduals(program);
      default:
        return;
    }
  }

 private:
  std::mt19937 random_;
};

std::vector<int32_t> Logits(Executor& executor, const Program& program,
                            int images, ExpertLoad* load) {
  std::vector<int32_t> logits(int64_t{images} * program.classes, -1);
  const absl::Status status =
      executor.Run(images, RandomPixels(program, images, /*seed=*/7),
                   absl::MakeSpan(logits), load);
  EXPECT_TRUE(status.ok()) << status;
  return logits;
}

class RandomCpuExecutorTest : public ::testing::TestWithParam<Isa> {};

TEST_P(RandomCpuExecutorTest, EqualsTheReference) {
  for (int round = 0; round < TestRounds(8); ++round) {
    Chooser choose(round);
    Program program = RandomProgram(choose.Options());
    choose.Edit(program);
    ASSERT_TRUE(VerifyProgram(program).ok()) << VerifyProgram(program);
    const int threads = choose.Between(1, 8);
    const int images = choose.Between(1, 9);
    const int max_batch = choose.Between(1, images);
    SCOPED_TRACE(absl::StrCat("round ", round, ": ", threads, " threads, ",
                              images, " images, ", max_batch, " at a time"));
    ExpertLoad expected_load, load;
    const std::vector<int32_t> expected = Logits(
        *NewReferenceExecutor(&program), program, images, &expected_load);
    const auto cpu = NewCpuExecutor(
        &program,
        {.threads = threads, .max_batch = max_batch, .isa = GetParam()});
    // Twice: the second run finds the first one's values in its memory.
    Logits(*cpu, program, images, /*load=*/nullptr);
    ASSERT_EQ(Logits(*cpu, program, images, &load), expected);
    ASSERT_EQ(load.tokens, expected_load.tokens);
  }
}

INSTANTIATE_TEST_SUITE_P(AllIsas, RandomCpuExecutorTest,
                         ::testing::ValuesIn(AvailableIsas()),
                         [](const ::testing::TestParamInfo<Isa>& info) {
                           return std::string(IsaName(info.param));
                         });

}  // namespace
}  // namespace moevit
