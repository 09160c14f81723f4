// A listener to the activations of a float forward pass: how calibration sees
// what it needs.

#ifndef MOEVIT_QUANTIZE_ACTIVATION_OBSERVER_H_
#define MOEVIT_QUANTIZE_ACTIVATION_OBSERVER_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "quantize/routing.h"
#include "quantize/tensor.h"

namespace moevit {

// The activations of one image at one site. Sites, in the order in which they
// are reported (B is a block, E an expert, 0 in a dense block):
//
//   embedding                      [tokens, width]   enters block 0
//   blocks.B.norm1                 [tokens, width]
//   blocks.B.attn.qkv              [tokens, 3 * width]
//   blocks.B.attn.scores           [heads * tokens, tokens]  before softmax
//   blocks.B.attn.mixed            [tokens, width]   input of attn.proj
//   blocks.B.attn.proj             [tokens, width]
//   blocks.B.residual1             [tokens, width]   after adding attn.proj
//   blocks.B.norm2                 [tokens, width]
//   blocks.B.gate                  [tokens, experts] logits; sparse blocks only
//   blocks.B.mlp.E.pre_activation  [rows, hidden]
//   blocks.B.mlp.E.hidden          [rows, hidden]    input of the second linear
//   blocks.B.mlp.E.output          [rows, width]     before its gate weight
//   blocks.B.residual2             [tokens, width]   after adding the MLP
//   norm                           [rows, width]     rows that are pooled
//   pooled                         [rows, width]     2 if distilled, else 1
//   pooled_norm                    [rows, width]
//   logits                         [1, classes]
//
// An expert that no token chose is not reported for that image.
struct Observation {
  absl::string_view site;
  const Tensor& values;
  // For an expert: the token of each row. Empty elsewhere.
  absl::Span<const int> tokens;
};

// The references handed over are valid during the call only. A forward pass
// calls its observer from its own thread; an observer shared by several passes
// must do its own locking.
class ActivationObserver {
 public:
  virtual ~ActivationObserver() = default;

  virtual void Observe(const Observation& observation) = 0;

  // Follows the observation of `site`, "blocks.B.gate".
  virtual void ObserveRouting(absl::string_view /*site*/,
                              const Routing& /*routing*/) {}
};

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_ACTIVATION_OBSERVER_H_
