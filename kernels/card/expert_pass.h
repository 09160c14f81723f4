// Rows of tokens through both linears of the experts that they chose, in two
// launches for all of them.

#ifndef MOEVIT_KERNELS_CARD_EXPERT_PASS_H_
#define MOEVIT_KERNELS_CARD_EXPERT_PASS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/card/card.h"
#include "kernels/card/card_context.h"
#include "kernels/card/expert_shapes.h"
#include "kernels/card/expert_slots.h"
#include "kernels/card/linear_schedule.h"
#include "kernels/expert_layer.h"
#include "scheduler/experts/expert_plan.h"

namespace moevit::card {

// What one pass runs: parts of a layer, and the slot of each part's expert.
struct ExpertPassWork {
  const ExpertLayerCall* call = nullptr;
  const ExpertShape* layer = nullptr;
  std::vector<ExpertPart> parts;
  std::vector<int> slots;
};

// Thread-compatible. Void after Card::Reset.
class ExpertPass {
 public:
  // With room for so many rows, and items of each linear. Returns the card's
  // error.
  static absl::StatusOr<ExpertPass> Allocate(const CardContext& context,
                                             const ExpertSizes& sizes,
                                             int32_t rows, int items);

  // Send, then Compute, then the outputs are there. All block, and return the
  // card's error.
  absl::Status Send(const CardContext& context, const ExpertSlots& slots,
                    const ExpertPassWork& work);
  absl::Status Compute(const CardContext& context, const ExpertSlots& slots,
                       const ExpertPassWork& work) const;
  // As Compute, from the rows on the host on; kDataLoss if the outputs are not
  // those of the Compute before.
  absl::Status ComputeAgain(const CardContext& context,
                            const ExpertSlots& slots,
                            const ExpertPassWork& work);

  // Of the first row of the first part.
  const int16_t* first_output() const;
  // Writes the call's outputs of the parts.
  void Take(const ExpertPassWork& work) const;

 private:
  absl::Status SendRows(const CardContext& context,
                        const ExpertPassWork& work) const;

  std::array<std::unique_ptr<CardBuffer>, kExpertValues> rows_;
  std::array<std::optional<LinearSchedule>, kExpertLinears> schedules_;
  std::vector<uint8_t> outputs_;  // of the Compute before
};

// Codes as the processor has them to codes as the card has them.
void ConvertCodes(const uint8_t* from, int channels, uint8_t* to);

}  // namespace moevit::card

#endif  // MOEVIT_KERNELS_CARD_EXPERT_PASS_H_
