#include "server/scores.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moevit {

std::vector<float> Softmax(absl::Span<const int32_t> logits,
                           double logit_scale) {
  std::vector<float> scores(logits.size());
  if (logits.empty()) return scores;
  const double max = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const int32_t logit : logits)
    sum += std::exp((logit - max) * logit_scale);
  for (size_t i = 0; i < logits.size(); ++i) {
    scores[i] =
        static_cast<float>(std::exp((logits[i] - max) * logit_scale) / sum);
  }
  return scores;
}

std::vector<int> TopIndices(absl::Span<const int32_t> logits, int count) {
  std::vector<int> indices(logits.size());
  std::iota(indices.begin(), indices.end(), 0);
  const size_t kept = std::min<size_t>(count, indices.size());
  std::partial_sort(indices.begin(), indices.begin() + kept, indices.end(),
                    [&](int a, int b) {
                      if (logits[a] != logits[b]) return logits[a] > logits[b];
                      return a < b;
                    });
  indices.resize(kept);
  return indices;
}

}  // namespace moevit
