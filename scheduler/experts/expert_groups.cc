#include "scheduler/experts/expert_groups.h"

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

void TokensOf(absl::Span<const int32_t> order, int top_k,
              absl::Span<int32_t> tokens) {
  for (size_t i = 0; i < order.size(); ++i) tokens[i] = order[i] / top_k;
}

int64_t RowsInTiles(absl::Span<const int32_t> first, int tile_rows) {
  int64_t tiles = 0;
  for (size_t e = 1; e < first.size(); ++e) {
    tiles += (first[e] - first[e - 1] + tile_rows - 1) / tile_rows;
  }
  return tiles * tile_rows;
}

}  // namespace moevit
