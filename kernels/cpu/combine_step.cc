// The sum of a token's expert outputs by gate weights, added to the residual.

#include <algorithm>
#include <memory>

#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/step.h"

namespace moevit::cpu {
namespace {

// Rows per task.
constexpr int kCombineRows = 32;

class CombineStep : public Step {
 public:
  CombineStep(const ExpertCombineOp& op, const StepBuilder& with)
      : op_(op),
        kernels_(*with.kernels),
        rows_(with.layouts->rows(op.output)),
        outputs_(with.layouts->expert_outputs(op.output)) {}

  StepUse use() const override {
    return {
        Scope::kRows, rows_, {outputs_, op_.routing, op_.residual, op_.output}};
  }

  void Run(const BatchView& batch) const override {
    const int64_t rows = batch.rows(op_.output);
    batch.ForEach(DivideUp(rows, kCombineRows), [&](int64_t task, int) {
      const int64_t first = task * kCombineRows;
      CombineRows(batch, first, std::min<int64_t>(kCombineRows, rows - first));
    });
  }

 private:
  void CombineRows(const BatchView& batch, int64_t first, int64_t rows) const {
    CombineCall call;
    call.stride = batch.stride(op_.output);
    call.top_k = batch.channels(op_.routing);
    call.fine = batch.wide(outputs_) + first * batch.stride(outputs_);
    call.weights = batch.routing(op_.routing).weights +
                   (batch.first_row(op_.output) + first) * call.top_k;
    call.residual = batch.wide(op_.residual) + first * call.stride;
    call.output = batch.wide(op_.output) + first * call.stride;
    call.rows = static_cast<int>(rows);
    call.residual_shift = op_.residual_shift;
    kernels_.combine(call);
  }

  const ExpertCombineOp& op_;
  const KernelTable& kernels_;
  const int rows_;  // per image
  const ValueId outputs_;
};

}  // namespace

void AddCombineStep(const ExpertCombineOp& op, const StepBuilder& with,
                    StepList* steps) {
  steps->push_back(std::make_unique<CombineStep>(op, with));
}

}  // namespace moevit::cpu
