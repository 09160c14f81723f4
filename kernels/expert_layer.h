// A sparse layer whose experts run elsewhere than in the executor that runs
// the rest of the program.

#ifndef MOEVIT_KERNELS_EXPERT_LAYER_H_
#define MOEVIT_KERNELS_EXPERT_LAYER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "program/program.h"

namespace moevit {

// One gate with the two linears of its experts, as indices into Program::ops.
struct ExpertLayer {
  int gate = 0;
  int linear = 0;
  int combine = 0;
};

// The sparse layers of a program that passed VerifyProgram, in the order of
// their gates; a layer's number is its place in this list. Returns
// kInvalidArgument, naming the op, where a gate does not lead to exactly one
// ExpertLinearOp whose output goes to one ExpertCombineOp and nowhere else.
absl::StatusOr<std::vector<ExpertLayer>> FindExpertLayers(
    const Program& program);

// What the experts of one layer are to compute for a batch. For assignment a
// (scheduler/experts/expert_groups.h) of expert e, both linears of e applied
// to row tokens of a:
//   outputs[a] = fine values of ExpertCombineOp's product, not yet weighted
// All memory belongs to the caller and lasts for the call.
struct ExpertLayerCall {
  int layer = 0;
  absl::Span<const int32_t> first;   // [experts + 1], beginnings in `order`
  absl::Span<const int32_t> order;   // [assignments], grouped by expert
  absl::Span<const int32_t> tokens;  // [assignments], order / top_k
  // By token: codes + 128. Rows are `code_stride` bytes apart, a multiple of
  // 64 that covers the channels; what lies between is undefined.
  const uint8_t* codes = nullptr;
  int64_t code_stride = 0;
  // By assignment. Rows are `output_stride` elements apart, a multiple of 64
  // that covers the channels; what lies between must be written as zero.
  int16_t* outputs = nullptr;
  int64_t output_stride = 0;
};

// Thread-compatible.
class ExpertLayerRunner {
 public:
  virtual ~ExpertLayerRunner() = default;

  // Writes all outputs of the layer, or returns why not; then the run of the
  // program ends with this error. Touches no memory of the call after it has
  // returned.
  virtual absl::Status RunLayer(const ExpertLayerCall& call) = 0;
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_EXPERT_LAYER_H_
