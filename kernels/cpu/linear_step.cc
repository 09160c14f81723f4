// Dense matrix products.

#include <memory>

#include "kernels/cpu/product_split.h"
#include "kernels/cpu/step.h"

namespace moevit::cpu {
namespace {

class LinearStep : public Step {
 public:
  LinearStep(const LinearOp& op, const StepBuilder& with)
      : op_(op),
        kernels_(*with.kernels),
        matrix_(
            PackMatrix(op.matrix.matrix, with.kernels->lanes, with.weights)),
        rows_(with.layouts->rows(op.input)) {}

  StepUse use() const override {
    return {Scope::kRows, rows_, {op_.input, op_.output}};
  }

  void Run(const BatchView& batch) const override {
    CodeProductCall whole;
    whole.product.matrix = &matrix_;
    whole.product.input = {batch.codes(op_.input), batch.stride(op_.input)};
    whole.activation = TableOf(op_.matrix.activation);
    whole.output_zero = op_.matrix.output_zero;
    whole.output = {batch.codes(op_.output), batch.stride(op_.output)};
    const ProductSplit split(batch.rows(op_.input), matrix_,
                             WantedTasks(batch.workers()));
    batch.ForEach(split.tasks(), [&](int64_t task, int) {
      const ProductPiece piece = split[task];
      CodeProductCall call = whole;
      call.product = PieceOf(whole.product, piece);
      call.output = whole.output.From(piece.first_row);
      kernels_.code_product(call);
    });
  }

 private:
  const LinearOp& op_;
  const KernelTable& kernels_;
  const PackedMatrix matrix_;
  const int rows_;  // per image
};

class LinearAddStep : public Step {
 public:
  LinearAddStep(const LinearAddOp& op, const StepBuilder& with)
      : op_(op),
        kernels_(*with.kernels),
        matrix_(PackMatrix(op.matrix, with.kernels->lanes, with.weights)),
        rows_(with.layouts->rows(op.input)) {}

  StepUse use() const override {
    return {Scope::kRows, rows_, {op_.input, op_.residual, op_.output}};
  }

  void Run(const BatchView& batch) const override {
    WideProductCall whole;
    whole.product.matrix = &matrix_;
    whole.product.input = {batch.codes(op_.input), batch.stride(op_.input)};
    whole.residual = {batch.wide(op_.residual), batch.stride(op_.residual)};
    whole.residual_shift = op_.residual_shift;
    whole.output = {batch.wide(op_.output), batch.stride(op_.output)};
    const ProductSplit split(batch.rows(op_.input), matrix_,
                             WantedTasks(batch.workers()));
    batch.ForEach(split.tasks(), [&](int64_t task, int) {
      const ProductPiece piece = split[task];
      WideProductCall call = whole;
      call.product = PieceOf(whole.product, piece);
      call.residual = whole.residual.From(piece.first_row);
      call.output = whole.output.From(piece.first_row);
      kernels_.wide_product(call);
    });
  }

 private:
  const LinearAddOp& op_;
  const KernelTable& kernels_;
  const PackedMatrix matrix_;
  const int rows_;  // per image
};

}  // namespace

void AddSteps(const LinearOp& op, const StepBuilder& with, StepList* steps) {
  steps->push_back(std::make_unique<LinearStep>(op, with));
}

void AddSteps(const LinearAddOp& op, const StepBuilder& with, StepList* steps) {
  steps->push_back(std::make_unique<LinearAddStep>(op, with));
}

}  // namespace moevit::cpu
