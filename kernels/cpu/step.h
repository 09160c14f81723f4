// One op of a program, or a part of one, prepared for the CPU: its weights
// packed, its constants in the order of the vectors. The implementations are in
// *_step.cc.

#ifndef MOEVIT_KERNELS_CPU_STEP_H_
#define MOEVIT_KERNELS_CPU_STEP_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/batch_view.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/step_use.h"
#include "kernels/cpu/value_layout.h"
#include "kernels/expert_layer.h"
#include "program/program.h"

namespace moevit::cpu {

// What a step is built with. All outlives it.
struct StepBuilder {
  const Program* program = nullptr;
  const ValueLayouts* layouts = nullptr;
  const KernelTable* kernels = nullptr;
  MemoryArena* weights = nullptr;
  ExpertLayerRunner* expert_layers = nullptr;  // null: experts run as steps
  // As FindExpertLayers, or none where that fails: experts' linears that can
  // run as one step.
  std::vector<ExpertLayer> pairs;
};

// Immutable once built.
class Step {
 public:
  virtual ~Step() = default;

  virtual StepUse use() const = 0;

  // Memory each worker needs while the step runs.
  virtual int64_t scratch_bytes() const { return 0; }

  // REQUIRES: a view of the whole batch for a step of Scope::kBatch, of whole
  // images for Scope::kImages.
  virtual void Run(const BatchView& batch) const = 0;
};

using StepList = std::vector<std::unique_ptr<Step>>;

// Append the steps of an op.
void AddSteps(const PatchEmbedOp& op, const StepBuilder& with, StepList* steps);
void AddSteps(const LayerNormOp& op, const StepBuilder& with, StepList* steps);
void AddSteps(const LinearOp& op, const StepBuilder& with, StepList* steps);
void AddSteps(const LinearAddOp& op, const StepBuilder& with, StepList* steps);
void AddSteps(const AttentionOp& op, const StepBuilder& with, StepList* steps);
void AddSteps(const GateOp& op, const StepBuilder& with, StepList* steps);
void AddSteps(const ExpertLinearOp& op, const StepBuilder& with,
              StepList* steps);
void AddSteps(const ExpertCombineOp& op, const StepBuilder& with,
              StepList* steps);
void AddSteps(const PoolOp& op, const StepBuilder& with, StepList* steps);
void AddSteps(const HeadOp& op, const StepBuilder& with, StepList* steps);

// The experts' two linears in one, run by with.expert_layers.
void AddDelegatedStep(const ExpertLinearOp& op, const StepBuilder& with,
                      StepList* steps);
// The combination alone, of outputs that lie in place.
void AddCombineStep(const ExpertCombineOp& op, const StepBuilder& with,
                    StepList* steps);

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_STEP_H_
