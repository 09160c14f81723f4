// From an executor's integer logits to what a client reads.

#ifndef MOEVIT_SERVER_SCORES_H_
#define MOEVIT_SERVER_SCORES_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace moevit {

// The softmax probabilities of logits[i] * logit_scale.
std::vector<float> Softmax(absl::Span<const int32_t> logits,
                           double logit_scale);

// The indices of the `count` largest elements, largest first, the lower index
// first among equals. All of them when there are fewer than `count`.
// REQUIRES: count >= 0.
std::vector<int> TopIndices(absl::Span<const int32_t> logits, int count);

}  // namespace moevit

#endif  // MOEVIT_SERVER_SCORES_H_
