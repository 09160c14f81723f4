// Places of one size for experts' weights in the memory of a card, all in one
// buffer for each weight port, so that one launch runs any of them.

#ifndef MOEVIT_KERNELS_CARD_EXPERT_SLOTS_H_
#define MOEVIT_KERNELS_CARD_EXPERT_SLOTS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kernels/card/card.h"
#include "kernels/card/card_context.h"
#include "kernels/card/expert_shapes.h"
#include "kernels/hls/descriptor.h"

namespace moevit::card {

// Thread-compatible. Void after Card::Reset.
class ExpertSlots {
 public:
  // Returns the card's error.
  static absl::StatusOr<ExpertSlots> Allocate(const CardContext& context,
                                              int slots, int64_t slot_words);

  int free() const { return static_cast<int>(free_.size()); }

  // Begins to copy an expert to a free slot and returns which; it may travel
  // after the call. Returns the card's error. REQUIRES: free() > 0.
  absl::StatusOr<int> Put(const CardContext& context, const ExpertShape& layer,
                          int expert);

  // The slot may be used again.
  void Free(int slot) { free_.push_back(slot); }

  // Waits until the slot's expert has arrived.
  absl::Status Wait(int slot, absl::Duration timeout);

  // What runs a linear of the slot's expert.
  absl::Span<const hls::LinearItem> items(int slot, int linear) const {
    return slots_[slot].items[linear];
  }

  // By weight port.
  CardBuffer* port(int port) const { return ports_[port].get(); }

 private:
  struct Slot {
    std::array<std::vector<hls::LinearItem>, kExpertLinears> items;
    // By weight port; null: arrived.
    std::array<std::unique_ptr<CardOperation>, kWeightPorts> copies;
  };

  int64_t slot_words_ = 0;
  std::array<std::unique_ptr<CardBuffer>, kWeightPorts> ports_;
  std::vector<Slot> slots_;
  std::vector<int> free_;
};

}  // namespace moevit::card

#endif  // MOEVIT_KERNELS_CARD_EXPERT_SLOTS_H_
