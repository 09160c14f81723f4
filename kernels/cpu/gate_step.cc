// The gate: which experts each token goes to. Ends with the batch's tokens
// grouped by expert.

#include <algorithm>
#include <memory>

#include "absl/types/span.h"
#include "kernels/arith/gate.h"
#include "kernels/cpu/step.h"
#include "scheduler/experts/expert_groups.h"

namespace moevit::cpu {
namespace {

// Tokens per task.
constexpr int kTokens = 48;

class GateStep : public Step {
 public:
  GateStep(const GateOp& op, const StepBuilder& with)
      : op_(op),
        kernels_(*with.kernels),
        width_(with.program->values[op.input].channels),
        lanes_(static_cast<int>(RoundUp(op.experts, with.kernels->lanes))) {
    PackWeights(with.weights);
    logits_bytes_ = RoundUp(
        int64_t{kTokens} * lanes_ * int64_t{sizeof(int32_t)}, kAlignment);
    wide_bytes_ = RoundUp(
        kMaxTileRows * RoundUp(width_, kRowPadding) * int64_t{sizeof(int16_t)},
        kAlignment);
  }

  int64_t scratch_bytes() const override {
    return logits_bytes_ + wide_bytes_ + op_.top_k * int64_t{sizeof(int)};
  }

  void Run(const Batch& batch) const override {
    const ValueStore& values = *batch.values;
    const int64_t tokens = int64_t{batch.images} * values.rows(op_.output);
    batch.team->Run(
        (tokens + kTokens - 1) / kTokens, [&](int64_t task, int worker) {
          const int64_t first = task * kTokens;
          const int64_t count = std::min<int64_t>(kTokens, tokens - first);
          RouteTokens(values, first, static_cast<int>(count),
                      batch.ScratchOf(worker));
        });
    const Routing& routing = values.routing(op_.output);
    const int64_t assignments = tokens * op_.top_k;
    const absl::Span<int32_t> order(routing.order, assignments);
    GroupByExpert(absl::MakeConstSpan(routing.experts, assignments),
                  absl::MakeSpan(routing.first, op_.experts + 1), order);
    TokensOf(order, op_.top_k, absl::MakeSpan(routing.tokens, assignments));
  }

 private:
  // Pairs of inputs side by side for each expert; the bias makes up for the
  // inputs' offset, modulo 2^32 as the sums.
  void PackWeights(MemoryArena* arena) {
    int16_t* const weights =
        arena->AllocateArray<int16_t>(RoundUp(width_, 2) * lanes_);
    int32_t* const bias = arena->AllocateArray<int32_t>(lanes_);
    for (int e = 0; e < op_.experts; ++e) {
      uint32_t sum = 0;
      for (int k = 0; k < width_; ++k) {
        const int16_t weight = op_.weight[int64_t{e} * width_ + k];
        weights[(int64_t{k / 2} * lanes_ + e) * 2 + k % 2] = weight;
        sum += static_cast<uint32_t>(weight);
      }
      bias[e] = static_cast<int32_t>(static_cast<uint32_t>(op_.bias[e]) -
                                     sum * kCodeOffset);
    }
    weights_ = weights;
    bias_ = bias;
  }

  void RouteTokens(const ValueStore& values, int64_t first, int count,
                   uint8_t* scratch) const {
    int32_t* const logits = reinterpret_cast<int32_t*>(scratch);
    GateCall call;
    call.stride = values.stride(op_.input);
    call.input = values.codes(op_.input) + first * call.stride;
    call.rows = count;
    call.width = width_;
    call.expert_vectors = lanes_ / kernels_.lanes;
    call.weights = weights_;
    call.bias = bias_;
    call.logits = logits;
    call.wide_row = reinterpret_cast<int16_t*>(scratch + logits_bytes_);
    kernels_.gate(call);

    int* const selected =
        reinterpret_cast<int*>(scratch + logits_bytes_ + wide_bytes_);
    const Routing& routing = values.routing(op_.output);
    for (int i = 0; i < count; ++i) {
      const int32_t* const row = logits + int64_t{i} * lanes_;
      const int64_t at = (first + i) * op_.top_k;
      arith::SelectTopK(row, op_.experts, op_.top_k, selected);
      std::copy_n(selected, op_.top_k, routing.experts + at);
      arith::GateWeights(row, op_.experts, op_.top_k, selected,
                         op_.softmax_before_top_k, op_.octave_multiplier,
                         op_.octave_shift, routing.weights + at);
    }
  }

  const GateOp& op_;
  const KernelTable& kernels_;
  const int width_;
  const int lanes_;  // experts, in whole vectors
  const int16_t* weights_ = nullptr;
  const int32_t* bias_ = nullptr;
  int64_t logits_bytes_ = 0;
  int64_t wide_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Step> MakeStep(const GateOp& op, const StepBuilder& with) {
  return std::make_unique<GateStep>(op, with);
}

}  // namespace moevit::cpu
