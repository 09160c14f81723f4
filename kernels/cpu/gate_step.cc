// The gate: which experts each token goes to, and the batch's tokens grouped by
// expert.

#include <algorithm>
#include <cstdint>
#include <memory>

#include "absl/types/span.h"
#include "kernels/arith/gate.h"
#include "kernels/cpu/aligned_memory.h"
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
        rows_(with.layouts->rows(op.input)),
        width_(with.layouts->channels(op.input)),
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

  StepUse use() const override {
    return {Scope::kRows, rows_, {op_.input, op_.output}};
  }

  void Run(const BatchView& batch) const override {
    const int64_t tokens = batch.rows(op_.input);
    batch.ForEach(DivideUp(tokens, kTokens), [&](int64_t task, int worker) {
      const int64_t first = task * kTokens;
      const int64_t count = std::min<int64_t>(kTokens, tokens - first);
      RouteTokens(batch, first, static_cast<int>(count), batch.scratch(worker));
    });
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

  void RouteTokens(const BatchView& batch, int64_t first, int count,
                   uint8_t* scratch) const {
    int32_t* const logits = reinterpret_cast<int32_t*>(scratch);
    GateCall call;
    call.stride = batch.stride(op_.input);
    call.input = batch.codes(op_.input) + first * call.stride;
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
    const Routing& routing = batch.routing(op_.output);
    const int64_t first_token = batch.first_row(op_.output) + first;
    for (int i = 0; i < count; ++i) {
      const int32_t* const row = logits + int64_t{i} * lanes_;
      const int64_t at = (first_token + i) * op_.top_k;
      arith::SelectTopK(row, op_.experts, op_.top_k, selected);
      std::copy_n(selected, op_.top_k, routing.experts + at);
      arith::GateWeights(row, op_.experts, op_.top_k, selected,
                         op_.softmax_before_top_k, op_.octave_multiplier,
                         op_.octave_shift, routing.weights + at);
    }
  }

  const GateOp& op_;
  const KernelTable& kernels_;
  const int rows_;  // per image
  const int width_;
  const int lanes_;  // experts, in whole vectors
  const int16_t* weights_ = nullptr;
  const int32_t* bias_ = nullptr;
  int64_t logits_bytes_ = 0;
  int64_t wide_bytes_ = 0;
};

// Groups the tokens of the batch once all of them are routed.
class GroupStep : public Step {
 public:
  explicit GroupStep(const GateOp& op) : op_(op) {}

  StepUse use() const override { return {Scope::kBatch, 0, {op_.output}}; }

  void Run(const BatchView& batch) const override {
    const Routing& routing = batch.routing(op_.output);
    const int64_t assignments = batch.rows(op_.output) * op_.top_k;
    const absl::Span<int32_t> order(routing.order, assignments);
    GroupByExpert(absl::MakeConstSpan(routing.experts, assignments),
                  absl::MakeSpan(routing.first, op_.experts + 1), order);
    TokensOf(order, op_.top_k, absl::MakeSpan(routing.tokens, assignments));
  }

 private:
  const GateOp& op_;
};

}  // namespace

void AddSteps(const GateOp& op, const StepBuilder& with, StepList* steps) {
  steps->push_back(std::make_unique<GateStep>(op, with));
  steps->push_back(std::make_unique<GroupStep>(op));
}

}  // namespace moevit::cpu
