// One op of a program, resident on a card: its weights and parameters in card
// memory, shared by all who run it there. The ops' implementations are in
// *_step.cc and *_steps.cc.

#ifndef MOEVIT_KERNELS_CARD_CARD_STEP_H_
#define MOEVIT_KERNELS_CARD_CARD_STEP_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/card/card.h"
#include "kernels/card/card_context.h"
#include "kernels/card/linear_schedule.h"
#include "kernels/card/value_layout.h"
#include "program/program.h"

namespace moevit::card {

// What a step is loaded with.
struct StepLoader {
  const Program* program = nullptr;
  const CardContext* context = nullptr;
  absl::Span<const ValueLayout> layouts;  // by ValueId
};

// A gate's decisions over a batch, on the host.
struct CardRouting {
  std::vector<uint16_t> experts;  // by assignment, row * top_k + slot
  std::vector<int32_t> first;     // [experts + 1], beginnings in `order`
  std::vector<int32_t> order;     // assignments by expert
};

// What a step needs of its own for every batch in flight; which of these, the
// step decides.
struct StepMemory {
  std::optional<LinearSchedule> schedule;
  int scheduled_images = 0;             // that `schedule` was sent for
  std::unique_ptr<CardBuffer> scratch;  // activations
};

// One batch in flight.
struct CardBatch {
  int images = 0;
  const CardContext* context = nullptr;
  CardBuffer* pixels = nullptr;          // images from new words on
  CardBuffer* logits = nullptr;          // fine values of the head
  absl::Span<CardBuffer* const> values;  // by ValueId
  absl::Span<CardRouting> routings;      // by ValueId
};

// Immutable once loaded.
class CardStep {
 public:
  virtual ~CardStep() = default;

  // Memory for batches of up to `max_images`. Default: none.
  virtual absl::StatusOr<StepMemory> NewMemory(const CardContext& context,
                                               int max_images) const;

  // Blocks until the op is done. `memory` came from NewMemory.
  virtual absl::Status Run(const CardBatch& batch,
                           StepMemory& memory) const = 0;

  // kDataLoss if its weights on the card have changed. Default: it has none.
  virtual absl::Status Verify(const CardContext& context) const;
};

using LoadedStep = absl::StatusOr<std::unique_ptr<CardStep>>;

LoadedStep LoadStep(const PatchEmbedOp& op, const StepLoader& with);
LoadedStep LoadStep(const LayerNormOp& op, const StepLoader& with);
LoadedStep LoadStep(const LinearOp& op, const StepLoader& with);
LoadedStep LoadStep(const LinearAddOp& op, const StepLoader& with);
LoadedStep LoadStep(const AttentionOp& op, const StepLoader& with);
LoadedStep LoadStep(const GateOp& op, const StepLoader& with);
LoadedStep LoadStep(const ExpertLinearOp& op, const StepLoader& with);
LoadedStep LoadStep(const ExpertCombineOp& op, const StepLoader& with);
LoadedStep LoadStep(const PoolOp& op, const StepLoader& with);
LoadedStep LoadStep(const HeadOp& op, const StepLoader& with);

// Fine values of a head: rows of int16, one for each of its matrices.
ValueLayout HeadLayout(const Program& program, const HeadOp& op);

}  // namespace moevit::card

#endif  // MOEVIT_KERNELS_CARD_CARD_STEP_H_
