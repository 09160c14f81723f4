#include "kernels/executor.h"

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/reference/reference_executor.h"
#include "program/random_program.h"

namespace moevit {
namespace {

std::vector<std::unique_ptr<Executor>> AllExecutors(const Program& program) {
  std::vector<std::unique_ptr<Executor>> executors;
  executors.push_back(NewReferenceExecutor(&program));
  executors.push_back(NewCpuExecutor(&program, {.threads = 1, .max_batch = 2}));
  executors.push_back(NewCpuExecutor(&program, {.threads = 2, .max_batch = 2}));
  return executors;
}

class CancellationTest : public ::testing::Test {
 protected:
  // Runs three images and gives up at the `last`-th question; -1: never.
  absl::Status Run(Executor& executor, int last) {
    asked_ = 0;
    logits_.assign(int64_t{3} * program_.classes, -1);
    return executor.RunCancellable(3, pixels_, absl::MakeSpan(logits_), nullptr,
                                   [&] { return ++asked_ == last; });
  }

  const Program program_ = RandomProgram({.depth = 4});
  const std::vector<uint8_t> pixels_ = RandomPixels(program_, 3, 1);
  std::vector<int32_t> logits_;
  int asked_ = 0;
};

TEST_F(CancellationTest, AsksBeforeEveryOp) {
  const int ops = static_cast<int>(program_.ops.size());
  auto executors = AllExecutors(program_);
  ASSERT_TRUE(Run(*executors[0], -1).ok());
  EXPECT_EQ(asked_, 3 * ops);  // image by image
  const std::vector<int32_t> expected = logits_;
  ASSERT_TRUE(Run(*executors[1], -1).ok());
  EXPECT_GE(asked_, 2 * ops);  // two images, then one
  EXPECT_EQ(logits_, expected);
}

TEST_F(CancellationTest, StopsBetweenAnyTwoOpsAndStaysUsable) {
  for (const auto& executor : AllExecutors(program_)) {
    ASSERT_TRUE(Run(*executor, -1).ok());
    const std::vector<int32_t> expected = logits_;
    const int questions = asked_;
    for (int last = 1; last <= questions; ++last) {
      const absl::Status status = Run(*executor, last);
      // How many ops the asking thread runs varies where it has help.
      EXPECT_EQ(absl::IsCancelled(status), asked_ == last) << status;
      EXPECT_LE(asked_, last);
    }
    ASSERT_TRUE(Run(*executor, -1).ok());
    EXPECT_EQ(logits_, expected);
  }
}

TEST_F(CancellationTest, SizesAreCheckedFirst) {
  for (const auto& executor : AllExecutors(program_)) {
    EXPECT_EQ(executor
                  ->RunCancellable(2, pixels_, absl::MakeSpan(logits_), nullptr,
                                   [] { return true; })
                  .code(),
              absl::StatusCode::kInvalidArgument);
  }
}

// Knows nothing of cancellation.
class PlainExecutor : public Executor {
 public:
  absl::string_view name() const override { return "plain"; }
  absl::Status Run(int, absl::Span<const uint8_t>, absl::Span<int32_t>,
                   ExpertLoad*) override {
    ++runs;
    return absl::OkStatus();
  }
  int runs = 0;
};

TEST(DefaultCancellationTest, IsAskedOnceBeforeTheRun) {
  PlainExecutor executor;
  EXPECT_EQ(
      executor.RunCancellable(0, {}, {}, nullptr, [] { return true; }).code(),
      absl::StatusCode::kCancelled);
  EXPECT_EQ(executor.runs, 0);
  EXPECT_TRUE(
      executor.RunCancellable(0, {}, {}, nullptr, [] { return false; }).ok());
  EXPECT_EQ(executor.runs, 1);
}

TEST(BatchNotBegunTest, IsAMarkThatLeavesTheErrorAsItIs) {
  const absl::Status error = absl::UnavailableError("in reset");
  EXPECT_FALSE(IsBatchNotBegun(error));
  EXPECT_FALSE(IsBatchNotBegun(absl::OkStatus()));
  const absl::Status marked = BatchNotBegunError(error);
  EXPECT_TRUE(IsBatchNotBegun(marked));
  EXPECT_EQ(marked.code(), error.code());
  EXPECT_EQ(marked.message(), error.message());
}

}  // namespace
}  // namespace moevit
