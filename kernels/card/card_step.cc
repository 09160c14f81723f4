#include "kernels/card/card_step.h"

#include "kernels/hls/word.h"

namespace moevit::card {

absl::StatusOr<StepMemory> CardStep::NewMemory(const CardContext& /*context*/,
                                               int /*max_images*/) const {
  return StepMemory();
}

absl::Status CardStep::Verify(const CardContext& /*context*/) const {
  return absl::OkStatus();
}

ValueLayout HeadLayout(const Program& program, const HeadOp& op) {
  ValueLayout layout;
  layout.rows = static_cast<int>(op.matrices.size());
  layout.group_channels = program.classes;
  layout.words = hls::Int16Words(program.classes);
  return layout;
}

}  // namespace moevit::card
