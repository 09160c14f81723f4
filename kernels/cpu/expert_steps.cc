// The experts of a layer: their two linears as one step where these belong
// together, as two otherwise.

#include <algorithm>
#include <memory>
#include <variant>

#include "kernels/cpu/expert_products.h"
#include "kernels/cpu/step.h"

namespace moevit::cpu {
namespace {

class ExpertLinearStep : public Step {
 public:
  ExpertLinearStep(const ExpertLinearOp& op, const StepBuilder& with)
      : op_(op), products_(op, with) {}

  StepUse use() const override {
    return {Scope::kBatch, 0, {op_.input, op_.routing, op_.output}};
  }
  int64_t scratch_bytes() const override {
    return TaskListBytes(products_.matrices());
  }
  void Run(const BatchView& batch) const override { products_.RunAll(batch); }

 private:
  const ExpertLinearOp& op_;
  const ExpertLinears products_;
};

class ExpertOutputsStep : public Step {
 public:
  ExpertOutputsStep(const ExpertCombineOp& op, const StepBuilder& with)
      : op_(op), products_(op, with) {}

  StepUse use() const override {
    return {Scope::kBatch, 0, {op_.input, op_.routing, products_.output()}};
  }
  int64_t scratch_bytes() const override {
    return TaskListBytes(products_.matrices());
  }
  void Run(const BatchView& batch) const override { products_.RunAll(batch); }

 private:
  const ExpertCombineOp& op_;
  const ExpertOutputs products_;
};

// Both linears. Where groups are large, a block of a group's rows goes through
// both at once: what is between them stays in the cache.
class ExpertPairStep : public Step {
 public:
  ExpertPairStep(const ExpertLinearOp& linear, const ExpertCombineOp& combine,
                 const StepBuilder& with)
      : linear_(linear),
        first_(linear, with),
        second_(combine, with),
        hidden_stride_(with.layouts->stride(linear.output)),
        most_rows_(std::clamp<int64_t>(kBlockBytes / hidden_stride_, kMinRows,
                                       kMaxRows)) {}

  StepUse use() const override {
    return {Scope::kBatch,
            0,
            {linear_.input, linear_.routing, linear_.output, second_.output()}};
  }

  int64_t scratch_bytes() const override {
    return TaskListBytes(first_.matrices()) + most_rows_ * hidden_stride_;
  }

  void Run(const BatchView& batch) const override {
    const int64_t workers = batch.workers();
    const Routing& routing = batch.routing(linear_.routing);
    const int64_t rows = routing.first[linear_.experts.size()];
    const int64_t block_rows =
        workers == 1 ? most_rows_
                     : std::clamp(rows / (workers * kBlocksPerWorker), kMinRows,
                                  most_rows_);
    const ExpertTasks tasks = ExpertTasks::ByRows(
        first_.matrices(), routing.first, block_rows, TaskList(batch));
    // Few or small blocks do not keep all workers equally busy.
    if (workers > 1 && (tasks.tasks() < workers * kMinBlocksPerWorker ||
                        rows < tasks.tasks() * kSmallBlockRows)) {
      first_.RunAll(batch);
      second_.RunAll(batch);
      return;
    }
    batch.ForEach(tasks.tasks(), [&](int64_t index, int worker) {
      ExpertTask task = tasks[index];
      uint8_t* const hidden =
          batch.scratch(worker) + TaskListBytes(first_.matrices());
      first_.Run(batch, task, {hidden, hidden_stride_});
      task.piece.end_panel = second_.matrices()[task.expert].panels;
      second_.Run(batch, task, {hidden, hidden_stride_});
    });
  }

 private:
  // Of a block's rows between the linears, a part of the second cache.
  static constexpr int64_t kBlockBytes = int64_t{192} << 10;
  // Fewer rows make the weights' way into the first cache the longest.
  static constexpr int64_t kMinRows = 48;
  static constexpr int64_t kMaxRows = 1024;
  // The mean from which blocks are worth it.
  static constexpr int64_t kSmallBlockRows = 32;
  static constexpr int64_t kBlocksPerWorker = 16;
  static constexpr int64_t kMinBlocksPerWorker = 8;

  const ExpertLinearOp& linear_;
  const ExpertLinears first_;
  const ExpertOutputs second_;
  const int64_t hidden_stride_;
  const int64_t most_rows_;  // of a block
};

// The other half of a pair; null if `op` is not in one.
const ExpertCombineOp* PairOf(const ExpertLinearOp& op,
                              const StepBuilder& with) {
  for (const ExpertLayer& pair : with.pairs) {
    if (std::get_if<ExpertLinearOp>(&with.program->ops[pair.linear].body) ==
        &op) {
      return &std::get<ExpertCombineOp>(with.program->ops[pair.combine].body);
    }
  }
  return nullptr;
}

}  // namespace

void AddSteps(const ExpertLinearOp& op, const StepBuilder& with,
              StepList* steps) {
  if (with.expert_layers != nullptr) {
    AddDelegatedStep(op, with, steps);
  } else if (const ExpertCombineOp* const combine = PairOf(op, with)) {
    steps->push_back(std::make_unique<ExpertPairStep>(op, *combine, with));
  } else {
    steps->push_back(std::make_unique<ExpertLinearStep>(op, with));
  }
}

void AddSteps(const ExpertCombineOp& op, const StepBuilder& with,
              StepList* steps) {
  if (with.expert_layers == nullptr && with.pairs.empty()) {
    steps->push_back(std::make_unique<ExpertOutputsStep>(op, with));
  }
  AddCombineStep(op, with, steps);
}

}  // namespace moevit::cpu
