#include "kernels/arith/gate.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/hls/sim/dataflow.h"
#include "tests/kernels/hls/random_cases.h"
#include "tests/kernels/hls/vector_case.h"

namespace moevit {
namespace {

struct GateCase {
  GateOp op;
  int rows = 1;
  std::vector<int8_t> input;
  Words expected;
};

Words GateByArith(const GateOp& op, int rows,
                  const std::vector<int8_t>& input) {
  const int width = static_cast<int>(input.size()) / rows;
  std::vector<int> experts(rows * op.top_k);
  std::vector<uint16_t> weights(rows * op.top_k);
  std::vector<int32_t> logits(op.experts);
  for (int row = 0; row < rows; ++row) {
    for (int e = 0; e < op.experts; ++e) {
      logits[e] = op.bias[e];
      for (int k = 0; k < width; ++k) {
        logits[e] += input[row * width + k] * op.weight[e * width + k];
      }
    }
    int* selected = experts.data() + row * op.top_k;
    arith::SelectTopK(logits.data(), op.experts, op.top_k, selected);
    arith::GateWeights(logits.data(), op.experts, op.top_k, selected,
                       op.softmax_before_top_k, op.octave_multiplier,
                       op.octave_shift, weights.data() + row * op.top_k);
  }
  return RoutingRows(experts, weights, op.top_k);
}

// `weight`: the largest one. Small ones make many ties.
GateCase RandomGate(int weight, std::mt19937& random) {
  GateCase test;
  const int width = Uniform(1, 200, random);
  test.rows = Uniform(1, 9, random);
  GateOp& op = test.op;
  op.experts = Uniform(1, 40, random);
  op.top_k = Uniform(1, std::min(op.experts, 16), random);
  op.softmax_before_top_k = Uniform(0, 1, random) != 0;
  op.octave_multiplier = Uniform(1, (1u << 31) - 1, random);
  op.octave_shift = Uniform(1, 62, random);
  op.weight =
      RandomValues<int16_t>(op.experts * width, -weight, weight, random);
  op.bias = RandomValues<int32_t>(op.experts, -weight, weight, random);
  test.input = RandomValues<int8_t>(test.rows * width, -128, 127, random);
  test.expected = GateByArith(op, test.rows, test.input);
  return test;
}

Words Run(const GateCase& test) {
  return RunGate(test.op, test.rows, test.input);
}

// The logits of a row wait for the largest of them.
int LeastDepth(const GateCase& test) {
  return test.op.softmax_before_top_k ? test.op.experts : 1;
}

GateCase AnyGate(std::mt19937& random) {
  return RandomGate(/*weight=*/30000, random);
}

TEST(GateKernelTest, SelectsExpertsOfAnyShape) {
  ExpectArithBits(kRandomCases, AnyGate);
}

TEST(GateKernelTest, GivesTiesToTheLowerExpert) {
  ExpectArithBits(kRandomCases, [](std::mt19937& random) {
    return RandomGate(/*weight=*/1, random);
  });
}

TEST(GateKernelTest, RunsInThreadsWithItsStreams) {
  const hls::sim::ScopedThreads threads;
  ExpectArithBits(5, AnyGate);
}

TEST(GateKernelTest, NeedsNoDeeperStreamsThanTheLogitsOfARow) {
  ExpectArithBitsAtLeastDepth(AnyGate);
}

}  // namespace
}  // namespace moevit
