// The kernels of a card image, as host and emulated card call them.
//
// How an integer program becomes launches of these three:
//   patch_embed     vector kPatches, then linear kAdd: item 0 the patches with
//                   the patch matrix and the positions as residual (its rows
//                   repeat from image to image: indexed), item 1 the prefix
//                   rows with a matrix of zeros and the prefix as residual
//   layer_norm      vector kLayerNorm
//   linear          linear kCodes, one item over all rows
//   linear_add      linear kAdd, one item
//   attention       attention
//   gate            vector kGate; the host sorts its routing into row lists
//   expert_linear   linear kCodes, one item per expert
//   expert_combine  linear kFine, one item per expert, one row for each of a
//                   token's top_k; then vector kCombine
//   pool            vector kPool
//   head            linear kFine, one item per matrix, one row for each of them
//                   and image. Logits are their sums, formed while unpacked.
//
// All pointers are 64-byte aligned. A pointer that the operation does not read
// may be anything valid. Output never overlaps an input, except for the
// residual of kAdd and kCombine: those may be the output itself. Thread-safe: a
// call owns all of its state, like a compute unit.

#ifndef MOEVIT_KERNELS_HLS_KERNELS_H_
#define MOEVIT_KERNELS_HLS_KERNELS_H_

#include <cstdint>

#include "kernels/hls/word.h"

extern "C" {

// Runs `items` LinearItems. Asked with kAskForTiles in their place, it writes
// the sizes that it was built with to the first word of the output
// (linear_tiles.h).
//   schedule  [items] LinearItem, and the row lists they point to
//   weights0, weights1  matrix images: even and odd output channels
//   input     rows of codes
//   residual  rows of int16, for kAdd
//   output    rows of codes or int16
void moevit_linear(const moevit::hls::Word* schedule,
                   const moevit::hls::Word* weights0,
                   const moevit::hls::Word* weights1,
                   const moevit::hls::Word* input,
                   const moevit::hls::Word* residual, moevit::hls::Word* output,
                   int32_t items);

// Self-attention within each of `images` images.
//   qkv         rows of codes, by head
//   parameters  AttentionHeader and what follows it
//   output      rows of codes, by head
void moevit_attention(const moevit::hls::Word* qkv,
                      const moevit::hls::Word* parameters,
                      moevit::hls::Word* output, int32_t images);

// One operator on the rows of `images` images.
//   parameters  the operator's header and what follows it
//   input       what the header's comment says
//   residual    rows of int16, for kCombine
//   routing     words of RoutingEntry, for kCombine
//   output      what the header's comment says
void moevit_vector(const moevit::hls::Word* parameters,
                   const moevit::hls::Word* input,
                   const moevit::hls::Word* residual,
                   const moevit::hls::Word* routing, moevit::hls::Word* output,
                   int32_t images);

}  // extern "C"

#endif  // MOEVIT_KERNELS_HLS_KERNELS_H_
