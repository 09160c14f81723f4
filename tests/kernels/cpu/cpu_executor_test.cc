#include "kernels/cpu/cpu_executor.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kernels/cpu/isa.h"
#include "kernels/reference/reference_executor.h"
#include "program/random_program.h"
#include "program/verify.h"
#include "tests/kernels/cpu/edited_programs.h"
#include "tests/kernels/program_shapes.h"

namespace moevit {
namespace {

class CpuExecutorTest : public ::testing::TestWithParam<Isa> {
 protected:
  // Runs batches of the given sizes, one after the other, and compares logits
  // and counts with the reference's.
  void ExpectEqualsReference(const Program& program, int threads,
                             const std::vector<int>& batches) {
    ASSERT_TRUE(VerifyProgram(program).ok()) << VerifyProgram(program);
    const auto reference = NewReferenceExecutor(&program);
    const auto cpu = NewCpuExecutor(
        &program, {.threads = threads, .max_batch = 4, .isa = GetParam()});
    for (int images : batches) {
      SCOPED_TRACE(absl::StrCat(threads, " threads, ", images, " images"));
      std::vector<uint8_t> pixels = RandomPixels(program, images, images);
      // Ends of the range, which random pixels rarely combine.
      std::fill_n(pixels.begin(), pixels.size() / 5, 0);
      std::fill_n(pixels.rbegin(), pixels.size() / 5, 255);
      ExpertLoad expected, load;
      EXPECT_EQ(Classify(*reference, program, images, pixels, &expected),
                Classify(*cpu, program, images, pixels, &load));
      EXPECT_EQ(expected.tokens, load.tokens);
    }
  }

  // The same for a default program after `edit`.
  void ExpectEqualsReferenceAfter(void (*edit)(Program&),
                                  RandomProgramOptions options = {}) {
    options.image_size = 16;
    Program program = RandomProgram(options);
    edit(program);
    ExpectEqualsReference(program, /*threads=*/2, {1, 3});
  }
};

TEST_P(CpuExecutorTest, EqualsTheReferenceForEveryShape) {
  for (const ProgramShape& shape : ProgramShapes()) {
    SCOPED_TRACE(shape.name);
    ExpectEqualsReference(RandomProgram(shape.options), /*threads=*/2, {1, 3});
  }
}

TEST_P(CpuExecutorTest, EqualsTheReferenceForEveryBatchAndThreadCount) {
  const Program program = RandomProgram({.seed = 5, .depth = 4});
  for (int threads = 1; threads <= 4; ++threads) {
    ExpectEqualsReference(program, threads, {1, 9, 2, 8, 3, 7, 4, 6, 5, 0});
  }
}

TEST_P(CpuExecutorTest, EqualsTheReferenceWhereThreadsShareTheRowsOfAnImage) {
  const Program program = RandomProgram({.image_size = 40});
  ExpectEqualsReference(program, /*threads=*/2, {1});
  ExpectEqualsReference(program, /*threads=*/3, {2});
  ExpectEqualsReference(program, /*threads=*/8, {4});
}

TEST_P(CpuExecutorTest, EqualsTheReferenceForManySeeds) {
  for (uint32_t seed = 100; seed < 110; ++seed) {
    SCOPED_TRACE(seed);
    ExpectEqualsReference(RandomProgram({.seed = seed, .width = 21}),
                          /*threads=*/1, {2});
  }
}

TEST_P(CpuExecutorTest, EqualsTheReferenceWhereProductsSaturate) {
  ExpectEqualsReferenceAfter(SaturateProducts);
}

TEST_P(CpuExecutorTest, EqualsTheReferenceForExtremeWeights) {
  ExpectEqualsReferenceAfter(UseExtremeWeights);
}

TEST_P(CpuExecutorTest, EqualsTheReferenceWhenFewExpertsGetAllTokens) {
  ExpectEqualsReferenceAfter(SendAllToLastExperts);
  ExpectEqualsReferenceAfter(SendAllToLastExperts, {.top_k = 1});
}

// Enough rows that two threads take both linears of an expert at once; all
// tokens go to two of three experts.
TEST_P(CpuExecutorTest, EqualsTheReferenceWhenExpertsHaveManyRows) {
  Program program = RandomProgram({.image_size = 30,
                                   .patch_size = 3,
                                   .width = 66,
                                   .mlp_width = 5,
                                   .experts = 3,
                                   .expert_width = 9});
  SendAllToLastExperts(program);
  ExpectEqualsReference(program, /*threads=*/2, {4});
}

TEST_P(CpuExecutorTest, EqualsTheReferenceWhenExpertLinearsAreNoPair) {
  ExpectEqualsReferenceAfter(PoolExpertRows);
}

TEST_P(CpuExecutorTest, EqualsTheReferenceForExtremeGateWeights) {
  ExpectEqualsReferenceAfter(UseExtremeGateWeights, {.width = 33});
}

TEST_P(CpuExecutorTest, EqualsTheReferenceForExtremeAttention) {
  ExpectEqualsReferenceAfter(UseExtremeAttention);
  ExpectEqualsReferenceAfter(UseExtremeAttention,
                             {.width = 66, .attention_levels = 256});
}

TEST_P(CpuExecutorTest, EqualsTheReferenceForTheLargestResidualShift) {
  ExpectEqualsReferenceAfter(ForgetResiduals);
}

TEST_P(CpuExecutorTest, EqualsTheReferenceWhenCodesArePooled) {
  ExpectEqualsReferenceAfter(PoolCodes);
  ExpectEqualsReferenceAfter(PoolCodes,
                             {.prefix_tokens = 0, .pool_mean = true});
}

TEST_P(CpuExecutorTest, ExecutorsOfOneProgramRunSideBySide) {
  const Program program = RandomProgram({});
  const std::vector<uint8_t> pixels = RandomPixels(program, 3, 1);
  const std::vector<int32_t> expected =
      Classify(*NewReferenceExecutor(&program), program, 3, pixels);
  std::vector<std::thread> threads;
  threads.reserve(3);
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const auto cpu =
          NewCpuExecutor(&program, {.threads = 2, .isa = GetParam()});
      for (int run = 0; run < 3; ++run) {
        EXPECT_EQ(expected, Classify(*cpu, program, 3, pixels));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(CpuExecutorTest, RefusesSpansThatDoNotFitAndStaysUsable) {
  const Program program = RandomProgram({});
  const auto cpu = NewCpuExecutor(&program, {.isa = GetParam()});
  const std::vector<uint8_t> pixels = RandomPixels(program, 1, 1);
  std::vector<int32_t> logits(program.classes);
  const absl::Status two_images =
      cpu->Run(2, pixels, absl::MakeSpan(logits), nullptr);
  EXPECT_EQ(two_images.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(two_images.message(), "2 images"))
      << two_images;
  EXPECT_EQ(cpu->Run(-1, pixels, absl::MakeSpan(logits), nullptr).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      cpu->Run(1, pixels, absl::MakeSpan(logits).first(3), nullptr).code(),
      absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Classify(*NewReferenceExecutor(&program), program, 1, pixels),
            Classify(*cpu, program, 1, pixels));
}

INSTANTIATE_TEST_SUITE_P(AllIsas, CpuExecutorTest,
                         ::testing::ValuesIn(AvailableIsas()),
                         [](const ::testing::TestParamInfo<Isa>& info) {
                           return std::string(IsaName(info.param));
                         });

TEST(CpuExecutorTimesTest, AddsTheTimeOfEveryOp) {
  const Program program = RandomProgram({});
  std::vector<absl::Duration> times;
  const auto cpu = NewCpuExecutor(&program, {.threads = 1, .op_times = &times});
  ASSERT_EQ(times.size(), program.ops.size());
  Classify(*cpu, program, 1, RandomPixels(program, 1, 1));
  for (absl::Duration time : times) EXPECT_GE(time, absl::ZeroDuration());
}

TEST(CpuExecutorNameTest, IsShort) {
  const Program program = RandomProgram({});
  EXPECT_EQ(NewCpuExecutor(&program, {.threads = 1})->name(), "cpu");
}

}  // namespace
}  // namespace moevit
