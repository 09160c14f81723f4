#include "quantize/routing.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "absl/types/span.h"
#include "quantize/float_ops.h"

namespace moevit {
namespace {

// Indices of the `count` largest values, descending, lower index first among
// equals.
std::vector<int> LargestIndices(absl::Span<const float> values, int count) {
  std::vector<int> indices(values.size());
  std::iota(indices.begin(), indices.end(), 0);
  std::partial_sort(indices.begin(), indices.begin() + count, indices.end(),
                    [&](int a, int b) {
                      if (values[a] != values[b]) return values[a] > values[b];
                      return a < b;
                    });
  indices.resize(count);
  return indices;
}

}  // namespace

std::vector<int> Routing::PositionsOf(int expert) const {
  std::vector<int> positions;
  for (size_t i = 0; i < experts.size(); ++i) {
    if (experts[i] == expert) positions.push_back(static_cast<int>(i));
  }
  return positions;
}

Routing Route(const Tensor& logits, int top_k, GateOrder order) {
  Routing routing;
  routing.top_k = top_k;
  for (int token = 0; token < logits.rows; ++token) {
    const absl::Span<const float> row = logits.row(token);
    const std::vector<int> chosen = LargestIndices(row, top_k);
    std::vector<float> weights;
    if (order == GateOrder::kSoftmaxThenTopK) {
      std::vector<float> all(row.begin(), row.end());
      Softmax(absl::MakeSpan(all));
      for (int expert : chosen) weights.push_back(all[expert]);
    } else {
      for (int expert : chosen) weights.push_back(row[expert]);
      Softmax(absl::MakeSpan(weights));
    }
    routing.experts.insert(routing.experts.end(), chosen.begin(), chosen.end());
    routing.weights.insert(routing.weights.end(), weights.begin(),
                           weights.end());
  }
  return routing;
}

}  // namespace moevit
