#include "kernels/cpu/expert_products.h"

namespace moevit::cpu {
namespace {

// Groups differ in size, so their tasks are many: more than a dense product's.
constexpr int kExpertTasksPerWorker = 32;

ExpertTasks MakeTasks(const BatchView& batch, const Routing& routing,
                      const std::vector<PackedMatrix>& matrices) {
  const int64_t wanted =
      batch.workers() == 1 ? 1 : batch.workers() * kExpertTasksPerWorker;
  return ExpertTasks(matrices, routing.first, wanted, TaskList(batch));
}

// A task's product without its input.
ProductCall CallOf(const PackedMatrix& matrix, const ProductPiece& piece) {
  ProductCall call;
  call.matrix = &matrix;
  call.first_panel = piece.first_panel;
  call.end_panel = piece.end_panel;
  call.rows = piece.rows;
  return call;
}

// Where the task's rows begin in the routing's lists.
int64_t FirstAssignment(const Routing& routing, const ExpertTask& task) {
  return routing.first[task.expert] + task.piece.first_row;
}

}  // namespace

int64_t TaskListBytes(const std::vector<PackedMatrix>& matrices) {
  return RoundUp(static_cast<int64_t>((matrices.size() + 1) * sizeof(int64_t)),
                 kAlignment);
}

int64_t* TaskList(const BatchView& batch) {
  return reinterpret_cast<int64_t*>(batch.scratch(0));
}

ExpertLinears::ExpertLinears(const ExpertLinearOp& op, const StepBuilder& with)
    : op_(op), kernels_(*with.kernels) {
  for (const CodeMatrix& expert : op.experts) {
    matrices_.push_back(
        PackMatrix(expert.matrix, kernels_.lanes, with.weights));
  }
}

void ExpertLinears::RunAll(const BatchView& batch) const {
  const Routing& routing = batch.routing(op_.routing);
  const ExpertTasks tasks = MakeTasks(batch, routing, matrices_);
  batch.ForEach(tasks.tasks(), [&](int64_t index, int) {
    const ExpertTask task = tasks[index];
    Run(batch, task,
        {batch.codes(op_.output), batch.stride(op_.output),
         routing.order + FirstAssignment(routing, task)});
  });
}

void ExpertLinears::Run(const BatchView& batch, const ExpertTask& task,
                        const Rows<uint8_t>& output) const {
  const Routing& routing = batch.routing(op_.routing);
  const CodeMatrix& expert = op_.experts[task.expert];
  CodeProductCall call;
  call.product = CallOf(matrices_[task.expert], task.piece);
  call.product.input = {batch.codes(op_.input), batch.stride(op_.input),
                        routing.tokens + FirstAssignment(routing, task)};
  call.activation = TableOf(expert.activation);
  call.output_zero = expert.output_zero;
  call.output = output;
  kernels_.code_product(call);
}

ExpertOutputs::ExpertOutputs(const ExpertCombineOp& op, const StepBuilder& with)
    : op_(op),
      kernels_(*with.kernels),
      output_(with.layouts->expert_outputs(op.output)) {
  for (const Matrix& expert : op.experts) {
    matrices_.push_back(PackMatrix(expert, kernels_.lanes, with.weights));
  }
}

void ExpertOutputs::RunAll(const BatchView& batch) const {
  const Routing& routing = batch.routing(op_.routing);
  const ExpertTasks tasks = MakeTasks(batch, routing, matrices_);
  batch.ForEach(tasks.tasks(), [&](int64_t index, int) {
    const ExpertTask task = tasks[index];
    Run(batch, task,
        {batch.codes(op_.input), batch.stride(op_.input),
         routing.order + FirstAssignment(routing, task)});
  });
}

void ExpertOutputs::Run(const BatchView& batch, const ExpertTask& task,
                        const Rows<const uint8_t>& input) const {
  const Routing& routing = batch.routing(op_.routing);
  WideProductCall call;
  call.product = CallOf(matrices_[task.expert], task.piece);
  call.product.input = input;
  call.output = {batch.wide(output_), batch.stride(op_.output),
                 routing.order + FirstAssignment(routing, task)};
  kernels_.wide_product(call);
}

}  // namespace moevit::cpu
