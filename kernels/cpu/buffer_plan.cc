#include "kernels/cpu/buffer_plan.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <variant>

#include "kernels/cpu/aligned_memory.h"

namespace moevit::cpu {
namespace {

struct ValueUse {
  std::vector<ValueId> read;
  std::vector<ValueId> written;
};

ValueUse Use(const PatchEmbedOp& op) { return {{}, {op.output}}; }
ValueUse Use(const LayerNormOp& op) { return {{op.input}, {op.output}}; }
ValueUse Use(const LinearOp& op) { return {{op.input}, {op.output}}; }
ValueUse Use(const LinearAddOp& op) {
  return {{op.input, op.residual}, {op.output}};
}
ValueUse Use(const AttentionOp& op) { return {{op.input}, {op.output}}; }
ValueUse Use(const GateOp& op) { return {{op.input}, {op.output}}; }
ValueUse Use(const ExpertLinearOp& op) {
  return {{op.input, op.routing}, {op.output}};
}
ValueUse Use(const ExpertCombineOp& op) {
  return {{op.input, op.routing, op.residual}, {op.output}};
}
ValueUse Use(const PoolOp& op) { return {{op.input}, {op.output}}; }
ValueUse Use(const HeadOp& op) { return {{op.input}, {}}; }

bool Overlap(const Lifetime& a, const Lifetime& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

std::vector<Lifetime> ValueLifetimes(const Program& program) {
  std::vector<Lifetime> lifetimes(program.values.size());
  for (size_t i = 0; i < program.ops.size(); ++i) {
    const int at = static_cast<int>(i);
    const ValueUse use =
        std::visit([](const auto& op) { return Use(op); }, program.ops[i].body);
    for (ValueId id : use.written) lifetimes[id] = {at, at};
    for (ValueId id : use.read) lifetimes[id].last = at;
  }
  return lifetimes;
}

BufferPlan PlanBuffers(const std::vector<Lifetime>& lifetimes,
                       const std::vector<int64_t>& bytes) {
  // The largest first, each at the lowest free place: simple, and for a
  // network's few shapes as small as the largest set alive at once.
  std::vector<size_t> by_size(bytes.size());
  std::iota(by_size.begin(), by_size.end(), size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](size_t a, size_t b) { return bytes[a] > bytes[b]; });
  BufferPlan plan;
  plan.offsets.resize(bytes.size());
  std::vector<size_t> placed;  // in ascending order of offset
  for (size_t value : by_size) {
    int64_t offset = 0;
    for (size_t other : placed) {
      if (!Overlap(lifetimes[value], lifetimes[other])) continue;
      if (offset + bytes[value] <= plan.offsets[other]) break;
      offset = std::max(
          offset, RoundUp(plan.offsets[other] + bytes[other], kAlignment));
    }
    plan.offsets[value] = offset;
    plan.bytes = std::max(plan.bytes, offset + bytes[value]);
    const auto after = std::upper_bound(
        placed.begin(), placed.end(), offset,
        [&](int64_t o, size_t p) { return o < plan.offsets[p]; });
    placed.insert(after, value);
  }
  return plan;
}

}  // namespace moevit::cpu
