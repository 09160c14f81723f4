// Tokens grouped by expert: an exact, stable counting sort of a batch's
// routing decisions, so that each expert's weights are read once for all of
// its tokens. Pure.

#ifndef MOEVIT_KERNELS_CPU_EXPERT_GROUPS_H_
#define MOEVIT_KERNELS_CPU_EXPERT_GROUPS_H_

#include <cstdint>

#include "absl/types/span.h"

namespace moevit {

// An assignment is one choice of one token: number token * top_k + slot.
//   experts  by assignment, each below the number of experts
//   first    [number of experts + 1]: where in `order` each expert's group
//            begins; the last element is the number of assignments
//   order    all assignments, grouped by expert, ascending in each group: the
//            order of the images and of their tokens
// Takes time proportional to the assignments and the experts.
void GroupByExpert(absl::Span<const uint16_t> experts,
                   absl::Span<int32_t> first, absl::Span<int32_t> order);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CPU_EXPERT_GROUPS_H_
