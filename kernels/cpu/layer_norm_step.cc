// Layer normalization.

#include <algorithm>
#include <memory>

#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/step.h"

namespace moevit::cpu {
namespace {

// Rows per task: a few microseconds.
constexpr int kNormRows = 32;

class LayerNormStep : public Step {
 public:
  LayerNormStep(const LayerNormOp& op, const StepBuilder& with)
      : op_(op), kernels_(*with.kernels), rows_(with.layouts->rows(op.input)) {
    const auto width = static_cast<int64_t>(op.gamma.size());
    const int64_t stride = RoundUp(width, kRowPadding);
    gamma_ = with.weights->AllocateArray<int32_t>(stride);
    beta_ = with.weights->AllocateArray<int32_t>(stride);
    const int32_t round = op.shift > 0 ? int32_t{1} << (op.shift - 1) : 0;
    for (int64_t c = 0; c < width; ++c) {
      gamma_[c] = op.gamma[c];
      beta_[c] = op.beta[c] + round;
    }
  }

  StepUse use() const override {
    return {Scope::kRows, rows_, {op_.input, op_.output}};
  }

  void Run(const BatchView& batch) const override {
    const int64_t rows = batch.rows(op_.input);
    const int64_t stride = batch.stride(op_.input);
    batch.ForEach(DivideUp(rows, kNormRows), [&](int64_t task, int) {
      const int64_t first = task * kNormRows;
      LayerNormCall call;
      call.input = batch.wide(op_.input) + first * stride;
      call.output = batch.codes(op_.output) + first * stride;
      call.stride = stride;
      call.rows = static_cast<int>(std::min<int64_t>(kNormRows, rows - first));
      call.width = batch.channels(op_.input);
      call.epsilon = op_.epsilon;
      call.gamma = gamma_;
      call.beta = beta_;
      call.shift = op_.shift;
      kernels_.layer_norm(call);
    });
  }

 private:
  const LayerNormOp& op_;
  const KernelTable& kernels_;
  const int rows_;  // per image
  int32_t* gamma_;
  int32_t* beta_;
};

}  // namespace

void AddSteps(const LayerNormOp& op, const StepBuilder& with, StepList* steps) {
  steps->push_back(std::make_unique<LayerNormStep>(op, with));
}

}  // namespace moevit::cpu
