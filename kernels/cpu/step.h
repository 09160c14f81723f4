// One op of a program, prepared for the CPU: its weights packed, its constants
// in the order of the vectors. The ops' implementations are in *_step.cc.

#ifndef MOEVIT_KERNELS_CPU_STEP_H_
#define MOEVIT_KERNELS_CPU_STEP_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/value_store.h"
#include "kernels/cpu/worker_team.h"
#include "kernels/expert_layer.h"
#include "program/program.h"

namespace moevit::cpu {

// What a step is built with. The kernels and the arena outlive it.
struct StepBuilder {
  const Program* program = nullptr;
  const KernelTable* kernels = nullptr;
  MemoryArena* weights = nullptr;
  ExpertLayerRunner* expert_layers = nullptr;  // null: experts run as steps
};

// One run over a batch.
struct Batch {
  int images = 0;
  const uint8_t* pixels = nullptr;
  int32_t* logits = nullptr;
  const ValueStore* values = nullptr;
  WorkerTeam* team = nullptr;
  absl::Status* status = nullptr;  // a step that fails says why here
  // scratch_bytes() of the hungriest step for each worker, aligned; content
  // undefined.
  uint8_t* scratch = nullptr;
  int64_t scratch_stride = 0;

  uint8_t* ScratchOf(int worker) const {
    return scratch + worker * scratch_stride;
  }
};

// Immutable once built.
class Step {
 public:
  virtual ~Step() = default;

  // Memory each worker needs while the step runs.
  virtual int64_t scratch_bytes() const { return 0; }

  virtual void Run(const Batch& batch) const = 0;
};

std::unique_ptr<Step> MakeStep(const PatchEmbedOp& op, const StepBuilder& with);
std::unique_ptr<Step> MakeStep(const LayerNormOp& op, const StepBuilder& with);
std::unique_ptr<Step> MakeStep(const LinearOp& op, const StepBuilder& with);
std::unique_ptr<Step> MakeStep(const LinearAddOp& op, const StepBuilder& with);
std::unique_ptr<Step> MakeStep(const AttentionOp& op, const StepBuilder& with);
std::unique_ptr<Step> MakeStep(const GateOp& op, const StepBuilder& with);
std::unique_ptr<Step> MakeStep(const ExpertLinearOp& op,
                               const StepBuilder& with);
// The experts' two linears in one, run by with.expert_layers.
std::unique_ptr<Step> MakeDelegatedStep(const ExpertLinearOp& op,
                                        const StepBuilder& with);
std::unique_ptr<Step> MakeStep(const ExpertCombineOp& op,
                               const StepBuilder& with);
std::unique_ptr<Step> MakeStep(const PoolOp& op, const StepBuilder& with);
std::unique_ptr<Step> MakeStep(const HeadOp& op, const StepBuilder& with);

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_STEP_H_
