// The experts' matrix products. Token rows are read by index where they lie:
// no permuted copy of them is made.

#include <memory>
#include <vector>

#include "kernels/cpu/expert_tasks.h"
#include "kernels/cpu/step.h"

namespace moevit::cpu {
namespace {

// The list of tasks lies in the first worker's scratch, read by all.
ExpertTasks MakeTasks(const BatchView& batch, const Routing& routing,
                      const std::vector<PackedMatrix>& matrices) {
  return ExpertTasks(matrices, routing.first, WantedTasks(batch.workers()),
                     reinterpret_cast<int64_t*>(batch.scratch(0)));
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

  StepUse use() const override {
    return {Scope::kBatch, 0, {op_.input, op_.routing, op_.output}};
  }

  int64_t scratch_bytes() const override { return TaskListBytes(matrices_); }

  void Run(const BatchView& batch) const override {
    const Routing& routing = batch.routing(op_.routing);
    const ExpertTasks tasks = MakeTasks(batch, routing, matrices_);
    batch.ForEach(tasks.tasks(), [&](int64_t task, int) {
      RunTask(batch, routing, tasks[task]);
    });
  }

 private:
  void RunTask(const BatchView& batch, const Routing& routing,
               const ExpertTask& task) const {
    const CodeMatrix& expert = op_.experts[task.expert];
    const int64_t group = routing.first[task.expert];
    ProductCall whole;
    whole.matrix = &matrices_[task.expert];
    whole.input = {batch.codes(op_.input), batch.stride(op_.input),
                   routing.tokens + group};
    CodeProductCall call;
    call.product = PieceOf(whole, task.piece);
    call.activation = TableOf(expert.activation);
    call.output_zero = expert.output_zero;
    call.output = {batch.codes(op_.output), batch.stride(op_.output),
                   routing.order + group + task.piece.first_row};
    kernels_.code_product(call);
  }

  const ExpertLinearOp& op_;
  const KernelTable& kernels_;
  std::vector<PackedMatrix> matrices_;
};

// The products of an ExpertCombineOp: fine values, row by assignment.
class ExpertOutputsStep : public Step {
 public:
  ExpertOutputsStep(const ExpertCombineOp& op, const StepBuilder& with)
      : op_(op),
        kernels_(*with.kernels),
        outputs_(with.layouts->expert_outputs(op.output)) {
    for (const Matrix& expert : op.experts) {
      matrices_.push_back(PackMatrix(expert, kernels_.lanes, with.weights));
    }
  }

  StepUse use() const override {
    return {Scope::kBatch, 0, {op_.input, op_.routing, outputs_}};
  }

  int64_t scratch_bytes() const override { return TaskListBytes(matrices_); }

  void Run(const BatchView& batch) const override {
    const Routing& routing = batch.routing(op_.routing);
    const ExpertTasks tasks = MakeTasks(batch, routing, matrices_);
    batch.ForEach(tasks.tasks(), [&](int64_t task, int) {
      RunTask(batch, routing, tasks[task]);
    });
  }

 private:
  void RunTask(const BatchView& batch, const Routing& routing,
               const ExpertTask& task) const {
    const int64_t group = routing.first[task.expert];
    ProductCall whole;
    whole.matrix = &matrices_[task.expert];
    whole.input = {batch.codes(op_.input), batch.stride(op_.input),
                   routing.order + group};
    WideProductCall call;
    call.product = PieceOf(whole, task.piece);
    call.output = {batch.wide(outputs_), batch.stride(op_.output),
                   routing.order + group + task.piece.first_row};
    kernels_.wide_product(call);
  }

  const ExpertCombineOp& op_;
  const KernelTable& kernels_;
  const ValueId outputs_;
  std::vector<PackedMatrix> matrices_;
};

}  // namespace

void AddSteps(const ExpertLinearOp& op, const StepBuilder& with,
              StepList* steps) {
  if (with.expert_layers != nullptr) {
    AddDelegatedStep(op, with, steps);
  } else {
    steps->push_back(std::make_unique<ExpertLinearStep>(op, with));
  }
}

void AddSteps(const ExpertCombineOp& op, const StepBuilder& with,
              StepList* steps) {
  if (with.expert_layers == nullptr) {
    steps->push_back(std::make_unique<ExpertOutputsStep>(op, with));
  }
  AddCombineStep(op, with, steps);
}

}  // namespace moevit::cpu
