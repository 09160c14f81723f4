#include "kernels/cpu/buffer_plan.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "kernels/cpu/aligned_memory.h"

namespace moevit::cpu {
namespace {

bool Overlap(const Lifetime& a, const Lifetime& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

std::vector<Lifetime> ValueLifetimes(int values,
                                     const std::vector<StepUse>& steps,
                                     const std::vector<int>& time_of) {
  std::vector<Lifetime> lifetimes(values);
  std::vector<bool> begun(values);
  for (size_t i = 0; i < steps.size(); ++i) {
    for (ValueId id : steps[i].values) {
      if (!begun[id]) lifetimes[id].first = time_of[i];
      begun[id] = true;
      lifetimes[id].last = time_of[i];
    }
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
    plan.bytes =
        std::max(plan.bytes, RoundUp(offset + bytes[value], kAlignment));
    const auto after = std::upper_bound(
        placed.begin(), placed.end(), offset,
        [&](int64_t o, size_t p) { return o < plan.offsets[p]; });
    placed.insert(after, value);
  }
  return plan;
}

}  // namespace moevit::cpu
