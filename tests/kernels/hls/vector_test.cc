#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/arith/fixed_point.h"
#include "kernels/arith/gate.h"
#include "kernels/arith/layer_norm.h"
#include "kernels/hls/sim/dataflow.h"
#include "kernels/hls/vector_stream.h"
#include "tests/kernels/hls/random_cases.h"
#include "tests/kernels/hls/vector_case.h"

namespace moevit {
namespace {

// ------------------------------------------------------------ layer norm ----

struct LayerNormCase {
  LayerNormOp op;
  int images = 1;
  int width = 1;
  std::vector<int16_t> input;
  Words expected;
};

LayerNormCase RandomLayerNorm(std::mt19937& random) {
  LayerNormCase test;
  test.images = Uniform(1, 3, random);
  test.width = Uniform(1, 200, random);
  const int rows = test.images * Uniform(1, 9, random);
  test.input = RandomInt16s(rows * test.width, random);
  test.op.epsilon = uint64_t{1} << Uniform(0, 56, random);
  test.op.shift = Uniform(0, 20, random);
  test.op.gamma = RandomValues<int16_t>(test.width, -16384, 16383, random);
  test.op.beta = RandomValues<int32_t>(test.width, -(1 << 29), 1 << 29, random);
  std::vector<int8_t> expected;
  for (int row = 0; row < rows; ++row) {
    const int16_t* x = test.input.data() + row * test.width;
    const arith::RowStatistics statistics =
        arith::ComputeRowStatistics(x, test.width, test.op.epsilon);
    for (int c = 0; c < test.width; ++c) {
      expected.push_back(arith::NormalizedToCode(
          arith::Normalize(statistics, x[c], test.width), test.op.gamma[c],
          test.op.beta[c], test.op.shift));
    }
  }
  test.expected = CodeRows(expected, test.width);
  return test;
}

Words Run(const LayerNormCase& test) {
  return RunLayerNorm(test.op, test.images, test.width, test.input);
}

// --------------------------------------------------------------- combine ----

struct CombineCase {
  int width = 1;
  int top_k = 1;
  int residual_shift = 0;
  Words routing;
  std::vector<int16_t> fine;
  std::vector<int16_t> residual;
  Words expected;
};

CombineCase RandomCombine(std::mt19937& random) {
  CombineCase test;
  const int rows = Uniform(1, 9, random);
  test.width = Uniform(1, 200, random);
  test.top_k = Uniform(1, 16, random);
  test.residual_shift = Uniform(0, 15, random);
  // Weights that sum to at most 2^15, as a gate's do.
  std::vector<uint16_t> weights;
  for (int row = 0; row < rows; ++row) {
    int left = 1 << 15;
    for (int slot = 0; slot < test.top_k; ++slot) {
      weights.push_back(static_cast<uint16_t>(Uniform(0, left, random)));
      left -= weights.back();
    }
  }
  const std::vector<int> experts =
      RandomValues<int>(rows * test.top_k, 0, 1023, random);
  test.routing = RoutingRows(experts, weights, test.top_k);
  test.fine = RandomInt16s(rows * test.top_k * test.width, random);
  test.residual = RandomInt16s(rows * test.width, random);
  std::vector<int16_t> expected;
  for (int i = 0; i < rows * test.width; ++i) {
    const int row = i / test.width;
    int32_t sum = 0;
    for (int slot = 0; slot < test.top_k; ++slot) {
      const int at = row * test.top_k + slot;
      sum += weights[at] * test.fine[at * test.width + i % test.width];
    }
    expected.push_back(arith::SaturateToInt16(
        arith::RoundingShift(test.residual[i], test.residual_shift) +
        arith::RoundingShift(sum, arith::kGateWeightBits)));
  }
  test.expected = Int16Rows(expected, test.width);
  return test;
}

Words Run(const CombineCase& test) {
  return RunCombine(test.top_k, test.residual_shift, test.width, test.routing,
                    test.fine, test.residual);
}

// ------------------------------------------------------------------ pool ----

struct PoolCase {
  PoolOp op;
  int images = 1;
  int width = 1;
  bool is_int16 = false;
  Words input;
  Words expected;
};

// The pooled rows of one image after the other.
template <typename T, typename FromFine>
std::vector<T> PoolByArith(const PoolCase& test, const std::vector<T>& input,
                           FromFine from_fine) {
  const int rows = static_cast<int>(input.size()) / test.width / test.images;
  std::vector<T> output;
  for (int image = 0; image < test.images; ++image) {
    for (int group = 0; group < test.op.groups; ++group) {
      const int first =
          image * rows + test.op.first_row + group * test.op.rows_per_group;
      for (int c = 0; c < test.width; ++c) {
        int32_t sum = 0;
        for (int row = 0; row < test.op.rows_per_group; ++row) {
          sum += input[(first + row) * test.width + c];
        }
        output.push_back(test.op.rows_per_group == 1
                             ? static_cast<T>(sum)
                             : from_fine(arith::Apply(
                                   {test.op.multiplier, test.op.shift}, sum)));
      }
    }
  }
  return output;
}

PoolCase RandomPool(std::mt19937& random) {
  PoolCase test;
  test.images = Uniform(1, 3, random);
  test.width = Uniform(1, 200, random);
  test.is_int16 = Uniform(0, 1, random) != 0;
  test.op.first_row = Uniform(0, 2, random);
  test.op.groups = Uniform(1, 4, random);
  test.op.rows_per_group = Uniform(1, 4, random);
  test.op.multiplier = static_cast<int16_t>(Uniform(1 << 14, 32767, random));
  test.op.shift = static_cast<int8_t>(Uniform(-4, 4, random));
  const int rows = test.op.first_row + test.op.groups * test.op.rows_per_group +
                   Uniform(0, 2, random);
  const int count = test.images * rows * test.width;
  if (test.is_int16) {
    const std::vector<int16_t> input = RandomInt16s(count, random);
    test.input = Int16Rows(input, test.width);
    test.expected =
        Int16Rows(PoolByArith(test, input, [](int16_t fine) { return fine; }),
                  test.width);
  } else {
    const std::vector<int8_t> input =
        RandomValues<int8_t>(count, -128, 127, random);
    test.input = CodeRows(input, test.width);
    test.expected = CodeRows(
        PoolByArith(test, input,
                    [](int16_t fine) { return arith::FineToCode(fine, 0); }),
        test.width);
  }
  return test;
}

Words Run(const PoolCase& test) {
  return RunPool(test.op, test.images, test.width, test.is_int16, test.input);
}

// --------------------------------------------------------------- patches ----

struct PatchesCase {
  int images = 1;
  int image_size = 1;
  int channels = 1;
  int patch_size = 1;
  std::vector<uint8_t> pixels;
  Words expected;
};

PatchesCase RandomPatches(std::mt19937& random) {
  PatchesCase test;
  test.images = Uniform(1, 3, random);
  test.channels = Uniform(1, 4, random);
  test.patch_size = Uniform(1, 40, random);
  const int side = Uniform(1, std::max(1, 60 / test.patch_size), random);
  test.image_size = side * test.patch_size;
  const int row_bytes = test.image_size * test.channels;
  const int segment = test.patch_size * test.channels;
  test.pixels = RandomValues<uint8_t>(test.images * test.image_size * row_bytes,
                                      0, 255, random);
  std::vector<int8_t> expected;
  for (int patch = 0; patch < test.images * side * side; ++patch) {
    const int first_row = patch / side * test.patch_size;
    for (int i = 0; i < test.patch_size * segment; ++i) {
      const int at = (first_row + i / segment) * row_bytes +
                     patch % side * segment + i % segment;
      expected.push_back(static_cast<int8_t>(test.pixels[at] - 128));
    }
  }
  test.expected = CodeRows(expected, test.patch_size * segment);
  return test;
}

Words Run(const PatchesCase& test) {
  return RunPatches(test.images, test.image_size, test.channels,
                    test.patch_size, test.pixels);
}

TEST(VectorKernelTest, NormalizesRowsOfAnyShape) {
  ExpectArithBits(kRandomCases, RandomLayerNorm);
}

TEST(VectorKernelTest, CombinesExpertsOfAnyShape) {
  ExpectArithBits(kRandomCases, RandomCombine);
}

TEST(VectorKernelTest, PoolsRowsOfAnyShape) {
  ExpectArithBits(kRandomCases, RandomPool);
}

TEST(VectorKernelTest, CutsImagesOfAnyShape) {
  ExpectArithBits(kRandomCases, RandomPatches);
}

TEST(VectorKernelTest, RunsInThreadsWithItsStreams) {
  const hls::sim::ScopedThreads threads;
  ExpectArithBits(5, RandomLayerNorm);
  ExpectArithBits(5, RandomCombine);
  ExpectArithBits(5, RandomPool);
  ExpectArithBits(5, RandomPatches);
}

// A row waits for its statistics; everything else passes through streams of one
// element.
int LeastDepth(const LayerNormCase& test) {
  return hls::Int16Blocks(test.width);
}
int LeastDepth(const CombineCase& /*test*/) { return 1; }
int LeastDepth(const PoolCase& /*test*/) { return 1; }
int LeastDepth(const PatchesCase& /*test*/) { return 1; }

TEST(VectorKernelTest, NeedsNoDeeperStreamsThanARow) {
  ExpectArithBitsAtLeastDepth(RandomLayerNorm);
  ExpectArithBitsAtLeastDepth(RandomCombine);
  ExpectArithBitsAtLeastDepth(RandomPool);
  ExpectArithBitsAtLeastDepth(RandomPatches);
}

}  // namespace
}  // namespace moevit
