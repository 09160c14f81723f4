// Pooling: selects tokens or takes their means.

#include <algorithm>
#include <memory>

#include "kernels/arith/fixed_point.h"
#include "kernels/cpu/step.h"

namespace moevit::cpu {
namespace {

class PoolStep : public Step {
 public:
  PoolStep(const PoolOp& op, const StepBuilder& with)
      : op_(op),
        wide_(with.program->values[op.input].type == ElementType::kInt16),
        stride_(RoundUp(with.program->values[op.input].channels, kRowPadding)) {
  }

  int64_t scratch_bytes() const override {
    return stride_ * int64_t{sizeof(int32_t)};
  }

  StepUse use() const override {
    return {Scope::kImages, 0, {op_.input, op_.output}};
  }

  void Run(const BatchView& batch) const override {
    const int64_t rows = batch.rows_per_image(op_.input);
    const int64_t tasks = int64_t{batch.images()} * op_.groups;
    batch.ForEach(tasks, [&](int64_t task, int worker) {
      const int64_t image = task / op_.groups;
      const int64_t first =
          image * rows + op_.first_row + task % op_.groups * op_.rows_per_group;
      auto* const sums = reinterpret_cast<int32_t*>(batch.scratch(worker));
      if (wide_) {
        PoolRows(
            batch.wide(op_.input) + first * stride_, /*offset=*/0,
            [](int16_t fine) { return fine; }, sums,
            batch.wide(op_.output) + task * stride_);
      } else {
        PoolRows(
            batch.codes(op_.input) + first * stride_, kCodeOffset,
            [](int16_t fine) {
              return arith::FineToCode(fine, /*zero=*/0) + kCodeOffset;
            },
            sums, batch.codes(op_.output) + task * stride_);
      }
    });
  }

 private:
  // offset: what an element is above its value.
  template <typename T, typename FromFine>
  void PoolRows(const T* input, int offset, FromFine from_fine, int32_t* sums,
                T* output) const {
    if (op_.rows_per_group == 1) {
      std::copy_n(input, stride_, output);
      return;
    }
    std::fill_n(sums, stride_, -op_.rows_per_group * offset);
    for (int row = 0; row < op_.rows_per_group; ++row, input += stride_) {
      for (int64_t c = 0; c < stride_; ++c) sums[c] += input[c];
    }
    for (int64_t c = 0; c < stride_; ++c) {
      output[c] = static_cast<T>(
          from_fine(arith::Apply({op_.multiplier, op_.shift}, sums[c])));
    }
  }

  const PoolOp& op_;
  const bool wide_;
  const int64_t stride_;
};

}  // namespace

void AddSteps(const PoolOp& op, const StepBuilder& with, StepList* steps) {
  steps->push_back(std::make_unique<PoolStep>(op, with));
}

}  // namespace moevit::cpu
