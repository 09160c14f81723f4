#include "planner/program_launches.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kernels/card/card_executor.h"
#include "kernels/card/resident_program.h"
#include "kernels/hls/cards.h"
#include "kernels/hls/linear_model.h"
#include "program/random_program.h"
#include "tests/kernels/card/small_linear.h"
#include "tests/planner/recording_card.h"

namespace moevit::planner {
namespace {

constexpr int kImages = 3;
// What the simulated kernels are built for.
constexpr UnitSizes kSizes = {hls::U280::kLinear, hls::U280::kAttentionQueries};

struct Shape {
  std::string name;
  RandomProgramOptions options;
  hls::LinearTiles tiles = kSizes.linear;
  LinearFunction* linear = moevit_linear;  // with these tiles
};

std::vector<Shape> Shapes() {
  return {
      {"default", {}},
      {"dense", {.experts = 0}},
      {"every_expert", {.top_k = 5}},
      {"more_experts_than_tokens",
       {.image_size = 4, .patch_size = 4, .experts = 19, .top_k = 3}},
      {"pool_mean", {.prefix_tokens = 0, .pool_mean = true}},
      {"distilled", {.prefix_tokens = 2, .head_rows = 2}},
      {"attention_256", {.attention_levels = 256}},
      {"head_width_5", {.image_size = 20, .width = 15, .mlp_width = 129}},
      {"head_width_64",
       {.image_size = 32, .width = 128, .heads = 2, .expert_width = 70}},
      {"split_matrices",
       {.width = 96, .mlp_width = 300},
       hls::TestCard::kLinear,
       SmallLinear},
  };
}

// What a card does for the second of two equal batches, and for which load.
struct Recorded {
  explicit Recorded(LinearFunction* linear) : card(linear) {}

  RecordingCard card;
  ExpertLoad load;
};

void Record(const Program& program, Recorded& recorded) {
  auto resident = ResidentProgram::Load(&program, &recorded.card, {});
  ASSERT_TRUE(resident.ok()) << resident.status();
  auto executor = NewCardExecutor(*std::move(resident), {.max_batch = kImages});
  ASSERT_TRUE(executor.ok()) << executor.status();
  const std::vector<uint8_t> pixels = RandomPixels(program, kImages, 5);
  std::vector<int32_t> logits(int64_t{kImages} * program.classes);
  for (int run = 0; run < 2; ++run) {
    recorded.card.Clear();
    recorded.load = ExpertLoad();
    const absl::Status status = (*executor)->Run(
        kImages, pixels, absl::MakeSpan(logits), &recorded.load);
    ASSERT_TRUE(status.ok()) << status;
  }
}

// Of the slowest process that the kernel counted.
int64_t LinearCycles(const hls::sim::Counts& counts) {
  int64_t steps = 0;
  for (const char* process :
       {"linear_gather", "linear_repeat", "linear_multiply", "linear_rescale",
        "linear_transpose", "linear_residual", "linear_write"}) {
    steps = std::max(steps, counts[process]);
  }
  return hls::kLinearStartCycles + steps;
}

void Compare(const Launch& planned, const hls::sim::Counts& counts) {
  int64_t weights = 0;
  int64_t rows = 0;
  switch (planned.kernel) {
    case CardKernel::kLinear:
      EXPECT_EQ(planned.cycles, LinearCycles(counts));
      EXPECT_EQ(planned.weight_bytes,
                counts["linear_weight_lines"] * 2 * hls::kWordBytes);
      return;
    case CardKernel::kAttention:
      EXPECT_GE(planned.cycles,
                std::max(counts["attention_scores"], counts["attention_mix"]));
      weights = counts["attention_parameter_bytes"];
      rows = counts["attention_load_bytes"] + counts["attention_store_bytes"];
      break;
    case CardKernel::kVector:
      weights = planned.weight_bytes;
      rows = counts["load_bytes"] + counts["store_bytes"] - weights;
      break;
  }
  EXPECT_EQ(planned.weight_bytes, weights);
  EXPECT_EQ(planned.activation_bytes, rows);
}

class ProgramLaunchesTest : public ::testing::TestWithParam<Shape> {};

TEST_P(ProgramLaunchesTest, AreThoseThatTheCardExecutorMakes) {
  const Program program = RandomProgram(GetParam().options);
  Recorded recorded(GetParam().linear);
  ASSERT_NO_FATAL_FAILURE(Record(program, recorded));
  UnitSizes sizes = kSizes;
  sizes.linear = GetParam().tiles;
  const auto ops = LaunchesOf(program, sizes, {kImages, &recorded.load});
  ASSERT_TRUE(ops.ok()) << ops.status();
  Copies to_card;
  Copies from_card;
  size_t index = 0;
  for (const OpLaunches& op : *ops) {
    SCOPED_TRACE(op.name);
    to_card.count += op.to_card.count;
    to_card.bytes += op.to_card.bytes;
    from_card.count += op.from_card.count;
    from_card.bytes += op.from_card.bytes;
    for (const Launch& launch : op.launches) {
      ASSERT_LT(index, recorded.card.launches().size());
      const RecordingCard::Launched& made = recorded.card.launches()[index++];
      ASSERT_EQ(static_cast<size_t>(launch.kernel), made.unit);
      Compare(launch, *made.counts);
    }
  }
  EXPECT_EQ(index, recorded.card.launches().size());
  EXPECT_EQ(from_card.count, recorded.card.from_card().count);
  EXPECT_EQ(from_card.bytes, recorded.card.from_card().bytes);
  EXPECT_EQ(to_card.count, recorded.card.to_card().count);
  // Room is kept for the items of experts without rows; it is copied as well.
  EXPECT_EQ(to_card.bytes, recorded.card.to_card().bytes);
}

INSTANTIATE_TEST_SUITE_P(Shapes, ProgramLaunchesTest,
                         ::testing::ValuesIn(Shapes()),
                         [](const auto& info) { return info.param.name; });

TEST(LaunchesOfTest, SpreadsTokensEvenlyWithoutALoad) {
  const Program program = RandomProgram({.experts = 5, .top_k = 2});
  ExpertLoad even;  // 3 images of 10 tokens, 2 experts each
  even.tokens = {{12, 12, 12, 12, 12}};
  const auto spread = LaunchesOf(program, kSizes, {kImages, nullptr});
  const auto told = LaunchesOf(program, kSizes, {kImages, &even});
  ASSERT_TRUE(spread.ok() && told.ok()) << told.status();
  for (size_t i = 0; i < spread->size(); ++i) {
    ASSERT_EQ((*spread)[i].launches.size(), (*told)[i].launches.size());
    for (size_t k = 0; k < (*spread)[i].launches.size(); ++k) {
      EXPECT_EQ((*spread)[i].launches[k].cycles, (*told)[i].launches[k].cycles);
    }
  }
}

TEST(LaunchesOfTest, RefusesALoadOfOtherExperts) {
  const Program program = RandomProgram({.experts = 5});
  ExpertLoad load;
  load.tokens = {{30, 30}};
  absl::Status status = LaunchesOf(program, kSizes, {kImages, &load}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), "5 experts")) << status;
  load.tokens = {{12, 12, 12, 12, 12}, {1}};
  status = LaunchesOf(program, kSizes, {kImages, &load}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), "2 sparse layers")) << status;
}

TEST(LaunchesOfTest, RefusesRowsTooWideNamingOpAndLimit) {
  UnitSizes sizes = kSizes;
  sizes.linear.max_in_words = 1;
  const absl::Status status =
      LaunchesOf(RandomProgram({.width = 66}), sizes, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(absl::StrContains(status.message(), "op blocks.0.")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "takes 64")) << status;
}

TEST(LaunchesOfTest, RefusesWhatTheGatesMemoryDoesNotHold) {
  const absl::Status status =
      LaunchesOf(RandomProgram({.experts = 17, .top_k = 17}), kSizes, {})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(absl::StrContains(status.message(), "gate")) << status;
}

}  // namespace
}  // namespace moevit::planner
