#include "kernels/card/activation_buffers.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <utility>
#include <variant>

#include "base/status_macros.h"

namespace moevit::card {
namespace {

// The values that an op reads or writes.
struct UsedValues {
  using Ids = std::vector<ValueId>;
  Ids operator()(const PatchEmbedOp& op) const { return {op.output}; }
  Ids operator()(const LayerNormOp& op) const { return {op.input, op.output}; }
  Ids operator()(const LinearOp& op) const { return {op.input, op.output}; }
  Ids operator()(const LinearAddOp& op) const {
    return {op.input, op.residual, op.output};
  }
  Ids operator()(const AttentionOp& op) const { return {op.input, op.output}; }
  Ids operator()(const GateOp& op) const { return {op.input, op.output}; }
  Ids operator()(const ExpertLinearOp& op) const {
    return {op.input, op.routing, op.output};
  }
  Ids operator()(const ExpertCombineOp& op) const {
    return {op.input, op.routing, op.residual, op.output};
  }
  Ids operator()(const PoolOp& op) const { return {op.input, op.output}; }
  Ids operator()(const HeadOp& op) const { return {op.input}; }
};

// The ops, by index, between which a value must keep its buffer.
struct Lifetime {
  int first = -1;
  int last = -1;
};

std::vector<Lifetime> Lifetimes(const Program& program) {
  std::vector<Lifetime> lifetimes(program.values.size());
  for (size_t i = 0; i < program.ops.size(); ++i) {
    for (ValueId id : std::visit(UsedValues(), program.ops[i].body)) {
      if (lifetimes[id].first < 0) lifetimes[id].first = static_cast<int>(i);
      lifetimes[id].last = static_cast<int>(i);
    }
  }
  return lifetimes;
}

// A buffer to be, and until which op it is taken.
struct Slot {
  int64_t bytes = 0;
  int last = -1;
};

// The free slot nearest in size, so that large ones stay few; slots.size() if
// none is free at op `first`.
size_t FindSlot(const std::vector<Slot>& slots, int first, int64_t bytes) {
  size_t best = slots.size();
  for (size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].last >= first) continue;
    if (best == slots.size() || std::abs(slots[i].bytes - bytes) <
                                    std::abs(slots[best].bytes - bytes)) {
      best = i;
    }
  }
  return best;
}

}  // namespace

absl::StatusOr<ActivationBuffers> ActivationBuffers::Allocate(
    const Program& program, absl::Span<const ValueLayout> layouts,
    const CardContext& context, int max_images) {
  const std::vector<Lifetime> lifetimes = Lifetimes(program);
  std::vector<size_t> by_birth(layouts.size());
  std::iota(by_birth.begin(), by_birth.end(), size_t{0});
  std::stable_sort(by_birth.begin(), by_birth.end(), [&](size_t a, size_t b) {
    return lifetimes[a].first < lifetimes[b].first;
  });
  std::vector<Slot> slots;
  std::vector<size_t> slot_of(layouts.size());
  for (const size_t value : by_birth) {
    const int64_t bytes = layouts[value].bytes(max_images);
    const size_t best = FindSlot(slots, lifetimes[value].first, bytes);
    if (best == slots.size()) slots.emplace_back();
    slots[best].bytes = std::max(slots[best].bytes, bytes);
    slots[best].last = lifetimes[value].last;
    slot_of[value] = best;
  }
  ActivationBuffers buffers;
  for (const Slot& slot : slots) {
    MOEVIT_ASSIGN_OR_RETURN(buffers.buffers_.emplace_back(),
                            context.AllocateActivations(slot.bytes));
  }
  for (const size_t slot : slot_of) {
    buffers.by_value_.push_back(buffers.buffers_[slot].get());
  }
  return buffers;
}

}  // namespace moevit::card
