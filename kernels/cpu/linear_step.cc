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
            PackMatrix(op.matrix.matrix, with.kernels->lanes, with.weights)) {}

  void Run(const Batch& batch) const override {
    const ValueStore& values = *batch.values;
    CodeProductCall whole;
    whole.product.matrix = &matrix_;
    whole.product.input = {values.codes(op_.input), values.stride(op_.input)};
    whole.activation = TableOf(op_.matrix.activation);
    whole.output_zero = op_.matrix.output_zero;
    whole.output = {values.codes(op_.output), values.stride(op_.output)};
    const ProductSplit split(int64_t{batch.images} * values.rows(op_.input),
                             matrix_, WantedTasks(batch.team->workers()));
    batch.team->Run(split.tasks(), [&](int64_t task, int) {
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
};

class LinearAddStep : public Step {
 public:
  LinearAddStep(const LinearAddOp& op, const StepBuilder& with)
      : op_(op),
        kernels_(*with.kernels),
        matrix_(PackMatrix(op.matrix, with.kernels->lanes, with.weights)) {}

  void Run(const Batch& batch) const override {
    const ValueStore& values = *batch.values;
    WideProductCall whole;
    whole.product.matrix = &matrix_;
    whole.product.input = {values.codes(op_.input), values.stride(op_.input)};
    whole.residual = {values.wide(op_.residual), values.stride(op_.residual)};
    whole.residual_shift = op_.residual_shift;
    whole.output = {values.wide(op_.output), values.stride(op_.output)};
    const ProductSplit split(int64_t{batch.images} * values.rows(op_.input),
                             matrix_, WantedTasks(batch.team->workers()));
    batch.team->Run(split.tasks(), [&](int64_t task, int) {
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
};

}  // namespace

std::unique_ptr<Step> MakeStep(const LinearOp& op, const StepBuilder& with) {
  return std::make_unique<LinearStep>(op, with);
}

std::unique_ptr<Step> MakeStep(const LinearAddOp& op, const StepBuilder& with) {
  return std::make_unique<LinearAddStep>(op, with);
}

}  // namespace moevit::cpu
