#include "kernels/cpu/expert_groups.h"

#include <algorithm>
#include <cstddef>

namespace moevit {

void GroupByExpert(absl::Span<const uint16_t> experts,
                   absl::Span<int32_t> first, absl::Span<int32_t> order) {
  std::fill(first.begin(), first.end(), 0);
  for (uint16_t expert : experts) ++first[expert + 1];
  for (size_t e = 1; e < first.size(); ++e) first[e] += first[e - 1];
  // Filling moves each beginning to its group's end, the next beginning.
  for (size_t a = 0; a < experts.size(); ++a) {
    order[first[experts[a]]++] = static_cast<int32_t>(a);
  }
  for (size_t e = first.size() - 1; e > 0; --e) first[e] = first[e - 1];
  first[0] = 0;
}

}  // namespace moevit
