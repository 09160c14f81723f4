// A gate's decision: which experts see which token of an image, and how much
// each counts. The float counterpart of the program's routing values.
//
// Plain data and pure functions: safe to read and call from any thread.

#ifndef MOEVIT_QUANTIZE_ROUTING_H_
#define MOEVIT_QUANTIZE_ROUTING_H_

#include <vector>

#include "model/config.h"
#include "quantize/tensor.h"

namespace moevit {

// What a gate decided for each token of an image.
struct Routing {
  int top_k = 0;
  // Entry token * top_k + slot; slots in descending order of gate logit, the
  // lower expert first among equals.
  std::vector<int> experts;
  std::vector<float> weights;

  // The positions token * top_k + slot, ascending, that chose `expert`.
  std::vector<int> PositionsOf(int expert) const;
};

// Gate logits [tokens, experts] -> routing.
Routing Route(const Tensor& logits, int top_k, GateOrder order);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_ROUTING_H_
