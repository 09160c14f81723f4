// Programs of all the shapes that an executor has to get right.

#ifndef MOEVIT_TESTS_KERNELS_PROGRAM_SHAPES_H_
#define MOEVIT_TESTS_KERNELS_PROGRAM_SHAPES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/executor.h"
#include "program/program.h"
#include "program/random_program.h"

namespace moevit {

// What `executor` answers; an error is a failure of the test.
inline std::vector<int32_t> Classify(Executor& executor, const Program& program,
                                     int images,
                                     const std::vector<uint8_t>& pixels,
                                     ExpertLoad* load = nullptr) {
  std::vector<int32_t> logits(int64_t{images} * program.classes, -1);
  const absl::Status status =
      executor.Run(images, pixels, absl::MakeSpan(logits), load);
  EXPECT_TRUE(status.ok()) << status;
  return logits;
}

struct ProgramShape {
  std::string name;
  RandomProgramOptions options;
};

// Every kind of remainder: of rows by tiles, of inputs by quads, of channels by
// vectors and panels, of tokens by vectors of keys.
inline std::vector<ProgramShape> ProgramShapes() {
  return {
      {"default", {}},
      {"dense", {.experts = 0}},
      {"every_expert", {.top_k = 5}},
      {"one_expert", {.experts = 1, .top_k = 1}},
      {"more_experts_than_tokens",
       {.image_size = 4, .patch_size = 4, .experts = 19, .top_k = 3}},
      {"softmax_before_top_k", {.softmax_before_top_k = true}},
      {"pool_mean", {.prefix_tokens = 0, .pool_mean = true}},
      {"distilled", {.prefix_tokens = 2, .head_rows = 2}},
      {"attention_256", {.attention_levels = 256}},
      {"one_token",
       {.image_size = 3, .patch_size = 3, .prefix_tokens = 0, .width = 6}},
      {"width_1",
       {.image_size = 3,
        .patch_size = 1,
        .channels = 1,
        .width = 1,
        .heads = 1,
        .mlp_width = 1,
        .expert_width = 3,
        .classes = 1}},
      {"head_width_5", {.image_size = 20, .width = 15, .mlp_width = 129}},
      {"head_width_32", {.image_size = 36, .width = 96, .classes = 65}},
      {"head_width_64",
       {.image_size = 32, .width = 128, .heads = 2, .expert_width = 70}},
      {"head_width_80",
       {.image_size = 32,
        .width = 160,
        .heads = 2,
        .mlp_width = 67,
        .attention_levels = 256}},
      {"head_width_133", {.width = 133, .heads = 1, .depth = 1}},
  };
}

}  // namespace moevit

#endif  // MOEVIT_TESTS_KERNELS_PROGRAM_SHAPES_H_
