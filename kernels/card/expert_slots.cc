#include "kernels/card/expert_slots.h"

#include <cstddef>
#include <numeric>

#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "kernels/card/matrix_items.h"
#include "kernels/hls/word.h"

namespace moevit::card {

absl::StatusOr<ExpertSlots> ExpertSlots::Allocate(const CardContext& context,
                                                  int slots,
                                                  int64_t slot_words) {
  ExpertSlots result;
  result.slot_words_ = slot_words;
  for (int port = 0; port < kWeightPorts; ++port) {
    MOEVIT_ASSIGN_OR_RETURN(
        result.ports_[port],
        context.Allocate(
            port == 0 ? LinearPort::kWeights0 : LinearPort::kWeights1,
            slots * slot_words * hls::kWordBytes));
  }
  result.slots_.resize(slots);
  result.free_.resize(slots);
  std::iota(result.free_.rbegin(), result.free_.rend(), 0);
  return result;
}

absl::StatusOr<int> ExpertSlots::Put(const CardContext& context,
                                     const ExpertShape& layer, int expert) {
  const int number = free_.back();
  // One that was evicted before anybody needed it may still be under way.
  MOEVIT_RETURN_IF_ERROR(Wait(number, context.timeout()));
  Slot& slot = slots_[number];
  const auto words = [&](int port) {
    return reinterpret_cast<hls::Word*>(ports_[port]->host().data());
  };
  const ExpertUses uses = layer.uses(expert);
  const int64_t begin = number * slot_words_;
  int64_t end = begin;
  for (int linear = 0; linear < kExpertLinears; ++linear) {
    const ValueLayout& before = layer.layouts[linear];
    const ValueLayout& after = layer.layouts[linear + 1];
    MOEVIT_ASSIGN_OR_RETURN(
        slot.items[linear],
        PlanItems(context.tiles(), uses[linear], before, after, &end));
    WriteImage(uses[linear], before, after, slot.items[linear], words(0),
               words(1));
  }
  for (int port = 0; port < kWeightPorts; ++port) {
    MOEVIT_ASSIGN_OR_RETURN(
        slot.copies[port],
        context.card().CopyToCard(
            ports_[port].get(), static_cast<size_t>(begin) * hls::kWordBytes,
            static_cast<size_t>(end - begin) * hls::kWordBytes));
  }
  free_.pop_back();
  return number;
}

absl::Status ExpertSlots::Wait(int slot, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  for (std::unique_ptr<CardOperation>& copy : slots_[slot].copies) {
    if (copy == nullptr) continue;
    MOEVIT_RETURN_IF_ERROR(copy->Wait(deadline));
    copy.reset();
  }
  return absl::OkStatus();
}

}  // namespace moevit::card
