// The two linears of a layer's experts, packed. Token rows are read by index
// where they lie: no permuted copy of them is made.

#ifndef MOEVIT_KERNELS_CPU_EXPERT_PRODUCTS_H_
#define MOEVIT_KERNELS_CPU_EXPERT_PRODUCTS_H_

#include <cstdint>
#include <vector>

#include "kernels/cpu/expert_tasks.h"
#include "kernels/cpu/step.h"

namespace moevit::cpu {

// The list of an ExpertTasks lies at the start of the first worker's scratch,
// where all can read it.
int64_t TaskListBytes(const std::vector<PackedMatrix>& matrices);
int64_t* TaskList(const BatchView& batch);

// The products of an ExpertLinearOp.
class ExpertLinears {
 public:
  ExpertLinears(const ExpertLinearOp& op, const StepBuilder& with);

  const std::vector<PackedMatrix>& matrices() const { return matrices_; }

  // All of them, into the op's output. A loop of its own.
  void RunAll(const BatchView& batch) const;

  // One task's; `output` begins with the task's first row.
  void Run(const BatchView& batch, const ExpertTask& task,
           const Rows<uint8_t>& output) const;

 private:
  const ExpertLinearOp& op_;
  const KernelTable& kernels_;
  std::vector<PackedMatrix> matrices_;
};

// The products of an ExpertCombineOp: fine values, row by assignment.
class ExpertOutputs {
 public:
  ExpertOutputs(const ExpertCombineOp& op, const StepBuilder& with);

  const std::vector<PackedMatrix>& matrices() const { return matrices_; }
  // Where they are written.
  ValueId output() const { return output_; }

  // All of them, from the op's input. A loop of its own.
  void RunAll(const BatchView& batch) const;

  // One task's; `input` begins with the task's first row.
  void Run(const BatchView& batch, const ExpertTask& task,
           const Rows<const uint8_t>& input) const;

 private:
  const ExpertCombineOp& op_;
  const KernelTable& kernels_;
  const ValueId output_;
  std::vector<PackedMatrix> matrices_;
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_EXPERT_PRODUCTS_H_
