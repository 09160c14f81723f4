// Tokens grouped by expert: an exact, stable counting sort of a batch's
// routing decisions, so that each expert's weights are read once for all of
// its tokens. Pure; nothing is allocated.

#ifndef MOEVIT_SCHEDULER_EXPERTS_EXPERT_GROUPS_H_
#define MOEVIT_SCHEDULER_EXPERTS_EXPERT_GROUPS_H_

#include <cstdint>

#include "absl/types/span.h"

namespace moevit {

// An assignment is one choice of one token: number token * top_k + slot.
//   experts  by assignment, each below the number of experts
//   first    [number of experts + 1]: where in `order` each expert's group
//            begins; the last element is the number of assignments
//   order    all assignments, grouped by expert, ascending in each group: the
//            order of the images and of their tokens. The list by which
//            results are scattered.
// Takes time proportional to the assignments and the experts.
void GroupByExpert(absl::Span<const uint16_t> experts,
                   absl::Span<int32_t> first, absl::Span<int32_t> order);

// tokens[i] = order[i] / top_k: the list by which an expert's input rows are
// gathered. REQUIRES: tokens is as long as order, top_k >= 1.
void TokensOf(absl::Span<const int32_t> order, int top_k,
              absl::Span<int32_t> tokens);

// The rows that a device computing `tile_rows` rows at a time goes through
// for all groups together: every group rounded up to whole tiles. What exceeds
// first.back() is padding. REQUIRES: tile_rows >= 1.
int64_t RowsInTiles(absl::Span<const int32_t> first, int tile_rows);

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_EXPERTS_EXPERT_GROUPS_H_
