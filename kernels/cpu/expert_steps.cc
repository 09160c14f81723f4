// The experts' matrix products. Token rows are read by index where they lie:
// no permuted copy of them is made.

#include <algorithm>
#include <memory>
#include <vector>

#include "kernels/cpu/expert_tasks.h"
#include "kernels/cpu/step.h"

namespace moevit::cpu {
namespace {

// Rows per task of the combination.
constexpr int kCombineRows = 32;

// The list of tasks lies in the first worker's scratch, read by all.
ExpertTasks MakeTasks(const Batch& batch, const Routing& routing,
                      const std::vector<PackedMatrix>& matrices) {
  return ExpertTasks(matrices, routing.first,
                     WantedTasks(batch.team->workers()),
                     reinterpret_cast<int64_t*>(batch.scratch));
}

int64_t TaskListBytes(const std::vector<PackedMatrix>& matrices) {
  return static_cast<int64_t>((matrices.size() + 1) * sizeof(int64_t));
}

class ExpertLinearStep : public Step {
 public:
  ExpertLinearStep(const ExpertLinearOp& op, const StepBuilder& with)
      : op_(op), kernels_(*with.kernels) {
    for (const CodeMatrix& expert : op.experts) {
      matrices_.push_back(
          PackMatrix(expert.matrix, kernels_.lanes, with.weights));
    }
  }

  int64_t scratch_bytes() const override { return TaskListBytes(matrices_); }

  void Run(const Batch& batch) const override {
    const Routing& routing = batch.values->routing(op_.routing);
    const ExpertTasks tasks = MakeTasks(batch, routing, matrices_);
    batch.team->Run(tasks.tasks(), [&](int64_t task, int) {
      RunTask(*batch.values, routing, tasks[task]);
    });
  }

 private:
  void RunTask(const ValueStore& values, const Routing& routing,
               const ExpertTask& task) const {
    const CodeMatrix& expert = op_.experts[task.expert];
    const int64_t group = routing.first[task.expert];
    ProductCall whole;
    whole.matrix = &matrices_[task.expert];
    whole.input = {values.codes(op_.input), values.stride(op_.input),
                   routing.tokens + group};
    CodeProductCall call;
    call.product = PieceOf(whole, task.piece);
    call.activation = TableOf(expert.activation);
    call.output_zero = expert.output_zero;
    call.output = {values.codes(op_.output), values.stride(op_.output),
                   routing.order + group + task.piece.first_row};
    kernels_.code_product(call);
  }

  const ExpertLinearOp& op_;
  const KernelTable& kernels_;
  std::vector<PackedMatrix> matrices_;
};

class ExpertCombineStep : public Step {
 public:
  ExpertCombineStep(const ExpertCombineOp& op, const StepBuilder& with)
      : op_(op), kernels_(*with.kernels) {
    if (with.expert_layers != nullptr) return;  // the products are not its own
    for (const Matrix& expert : op.experts) {
      matrices_.push_back(PackMatrix(expert, kernels_.lanes, with.weights));
    }
  }

  int64_t scratch_bytes() const override { return TaskListBytes(matrices_); }

  void Run(const Batch& batch) const override {
    const ValueStore& values = *batch.values;
    const Routing& routing = values.routing(op_.routing);
    if (!matrices_.empty()) RunProducts(batch, routing);
    const int64_t rows = int64_t{batch.images} * values.rows(op_.output);
    batch.team->Run(
        (rows + kCombineRows - 1) / kCombineRows, [&](int64_t task, int) {
          const int64_t first = task * kCombineRows;
          CombineRows(values, routing, first,
                      std::min<int64_t>(kCombineRows, rows - first));
        });
  }

 private:
  void RunProducts(const Batch& batch, const Routing& routing) const {
    const ExpertTasks tasks = MakeTasks(batch, routing, matrices_);
    batch.team->Run(tasks.tasks(), [&](int64_t task, int) {
      RunTask(*batch.values, routing, tasks[task]);
    });
  }

  // One expert's fine values, row by assignment.
  void RunTask(const ValueStore& values, const Routing& routing,
               const ExpertTask& task) const {
    const int64_t group = routing.first[task.expert];
    ProductCall whole;
    whole.matrix = &matrices_[task.expert];
    whole.input = {values.codes(op_.input), values.stride(op_.input),
                   routing.order + group};
    WideProductCall call;
    call.product = PieceOf(whole, task.piece);
    call.output = {values.expert_outputs(op_.output), values.stride(op_.output),
                   routing.order + group + task.piece.first_row};
    kernels_.wide_product(call);
  }

  void CombineRows(const ValueStore& values, const Routing& routing,
                   int64_t first, int64_t rows) const {
    CombineCall call;
    call.stride = values.stride(op_.output);
    call.top_k = values.channels(op_.routing);
    call.fine =
        values.expert_outputs(op_.output) + first * call.top_k * call.stride;
    call.weights = routing.weights + first * call.top_k;
    call.residual = values.wide(op_.residual) + first * call.stride;
    call.output = values.wide(op_.output) + first * call.stride;
    call.rows = static_cast<int>(rows);
    call.residual_shift = op_.residual_shift;
    kernels_.combine(call);
  }

  const ExpertCombineOp& op_;
  const KernelTable& kernels_;
  std::vector<PackedMatrix> matrices_;
};

}  // namespace

std::unique_ptr<Step> MakeStep(const ExpertLinearOp& op,
                               const StepBuilder& with) {
  if (with.expert_layers != nullptr) return MakeDelegatedStep(op, with);
  return std::make_unique<ExpertLinearStep>(op, with);
}

std::unique_ptr<Step> MakeStep(const ExpertCombineOp& op,
                               const StepBuilder& with) {
  return std::make_unique<ExpertCombineStep>(op, with);
}

}  // namespace moevit::cpu
