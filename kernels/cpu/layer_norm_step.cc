// Layer normalization.

#include <algorithm>
#include <memory>

#include "kernels/cpu/step.h"

namespace moevit::cpu {
namespace {

// Rows per task: a few microseconds.
constexpr int kRows = 32;

class LayerNormStep : public Step {
 public:
  LayerNormStep(const LayerNormOp& op, const StepBuilder& with)
      : op_(op), kernels_(*with.kernels) {
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

  void Run(const Batch& batch) const override {
    const ValueStore& values = *batch.values;
    const int64_t rows = int64_t{batch.images} * values.rows(op_.input);
    const int64_t stride = values.stride(op_.input);
    batch.team->Run((rows + kRows - 1) / kRows, [&](int64_t task, int) {
      const int64_t first = task * kRows;
      LayerNormCall call;
      call.input = values.wide(op_.input) + first * stride;
      call.output = values.codes(op_.output) + first * stride;
      call.stride = stride;
      call.rows = static_cast<int>(std::min<int64_t>(kRows, rows - first));
      call.width = values.channels(op_.input);
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
  int32_t* gamma_;
  int32_t* beta_;
};

}  // namespace

std::unique_ptr<Step> MakeStep(const LayerNormOp& op, const StepBuilder& with) {
  return std::make_unique<LayerNormStep>(op, with);
}

}  // namespace moevit::cpu
