#include "kernels/hls/vector_model.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/hls/sim/counts.h"
#include "tests/kernels/hls/vector_case.h"

namespace moevit {
namespace {

// Compares with the model what `launch` counts. `processes`: the counters of
// each process that might be the slowest.
template <typename Launch>
void CompareWithModel(
    const hls::VectorCount& model,
    std::initializer_list<std::initializer_list<const char*>> processes,
    Launch launch) {
  hls::sim::Counts counts;
  {
    const hls::sim::ScopedCounts scope(&counts);
    launch();
  }
  int64_t steps = 0;
  for (const auto& process : processes) {
    int64_t sum = 0;
    for (const char* counter : process) sum += counts[counter];
    steps = std::max(steps, sum);
  }
  EXPECT_EQ(model.steps, steps);
  EXPECT_EQ(model.read_bytes, counts["load_bytes"]);
  EXPECT_EQ(model.written_bytes, counts["store_bytes"]);
}

constexpr int kWidths[] = {1, 32, 33, 64, 65, 384};
constexpr int kRows = 7;

TEST(VectorModelTest, CountsLayerNorm) {
  for (const int width : kWidths) {
    hls::LayerNormShape shape = {};
    shape.rows = kRows;
    shape.width = width;
    LayerNormOp op;
    op.epsilon = 1;
    op.gamma.resize(width);
    op.beta.resize(width);
    CompareWithModel(hls::CountLayerNorm(shape),
                     {{"layer_norm_sum"}, {"layer_norm_normalize"}}, [&] {
                       RunLayerNorm(op, /*images=*/1, width,
                                    std::vector<int16_t>(kRows * width));
                     });
  }
}

TEST(VectorModelTest, CountsTheGate) {
  for (const int width : kWidths) {
    for (const int experts : {1, 3, 16, 37}) {
      for (const bool before : {false, true}) {
        hls::GateShape shape = {};
        shape.rows = kRows;
        shape.width = width;
        shape.experts = experts;
        shape.top_k = 1;
        shape.softmax_before_top_k = before;
        GateOp op;
        op.experts = experts;
        op.top_k = 1;
        op.softmax_before_top_k = before;
        op.weight.resize(experts * width);
        op.bias.resize(experts);
        op.octave_multiplier = 1;
        op.octave_shift = 1;
        CompareWithModel(
            hls::CountGate(shape),
            {{"gate_load", "gate_multiply"},
             {"gate_select"},
             {"gate_sum"},
             {"gate_route"}},
            [&] { RunGate(op, kRows, std::vector<int8_t>(kRows * width)); });
      }
    }
  }
}

TEST(VectorModelTest, CountsCombine) {
  for (const int width : kWidths) {
    for (const int top_k : {1, 2, 5}) {
      hls::CombineShape shape = {};
      shape.rows = kRows;
      shape.width = width;
      shape.top_k = top_k;
      CompareWithModel(hls::CountCombine(shape), {{"combine"}}, [&] {
        RunCombine(top_k, /*residual_shift=*/0, width,
                   Words(kRows, hls::Word{}),
                   std::vector<int16_t>(kRows * top_k * width),
                   std::vector<int16_t>(kRows * width));
      });
    }
  }
}

TEST(VectorModelTest, CountsPool) {
  for (const int width : kWidths) {
    for (const bool is_int16 : {false, true}) {
      hls::PoolShape shape = {};
      shape.images = 2;
      shape.rows = kRows;
      shape.width = width;
      shape.is_int16 = is_int16;
      shape.first_row = 1;
      shape.groups = 2;
      shape.rows_per_group = 3;
      PoolOp op;
      op.first_row = 1;
      op.groups = 2;
      op.rows_per_group = 3;
      CompareWithModel(hls::CountPool(shape), {{"pool"}}, [&] {
        RunPool(op, shape.images, width, is_int16,
                Words(2 * kRows * shape.row_words(), hls::Word{}));
      });
    }
  }
}

TEST(VectorModelTest, CountsPatches) {
  const int sizes[][3] = {{1, 1, 1}, {12, 3, 4}, {48, 3, 16}, {40, 4, 40}};
  for (const auto& [image_size, channels, patch_size] : sizes) {
    hls::PatchesShape shape = {};
    shape.images = 2;
    shape.image_size = image_size;
    shape.channels = channels;
    shape.patch_size = patch_size;
    CompareWithModel(hls::CountPatches(shape), {{"patches_cut"}}, [&] {
      RunPatches(
          shape.images, shape.image_size, shape.channels, shape.patch_size,
          std::vector<uint8_t>(2 * shape.image_size * shape.row_bytes()));
    });
  }
}

// DeiT-S, eight images: memory's pace, except for the gate.
TEST(VectorModelTest, KeepsPaceWithMemory) {
  hls::LayerNormShape norm = {};
  norm.rows = 8 * 197;
  norm.width = 384;
  EXPECT_LT(hls::VectorCycles(hls::CountLayerNorm(norm)), norm.rows * 12 + 500);
  hls::CombineShape combine = {};
  combine.rows = 8 * 197;
  combine.width = 384;
  combine.top_k = 2;
  EXPECT_LT(hls::VectorCycles(hls::CountCombine(combine)),
            combine.rows * 24 + 500);
}

TEST(VectorShapeTest, TellsWhatDoesNotFit) {
  hls::GateShape gate = {};
  gate.rows = 197;
  gate.width = 384;
  gate.experts = 16;
  gate.top_k = hls::kMaxTopK;
  EXPECT_TRUE(hls::GateFits(gate));
  gate.experts = hls::kMaxTopK + 1;
  gate.top_k = hls::kMaxTopK + 1;
  EXPECT_FALSE(hls::GateFits(gate));
  gate.top_k = 1;
  gate.experts = hls::kMaxGateLines / hls::CodeWords(gate.width) + 1;
  EXPECT_FALSE(hls::GateFits(gate));

  hls::PatchesShape patches = {/*images=*/1, /*image_size=*/1024,
                               /*channels=*/3, /*patch_size=*/32};
  EXPECT_TRUE(hls::PatchesFit(patches));
  patches.patch_size = 64;
  EXPECT_FALSE(hls::PatchesFit(patches));
}

}  // namespace
}  // namespace moevit
