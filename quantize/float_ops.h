// The operations of a Vision Transformer in plain 32-bit floating point, one
// image at a time, as PyTorch's stock operators compute them.
//
// This is what quantization is measured against, not something that serves
// requests. Pure functions: safe to call from any number of threads. Shapes
// are those of a Checkpoint that LoadCheckpoint accepted; they are
// preconditions here, not checked.

#ifndef MOEVIT_QUANTIZE_FLOAT_OPS_H_
#define MOEVIT_QUANTIZE_FLOAT_OPS_H_

#include <cstdint>

#include "absl/types/span.h"
#include "model/checkpoint.h"
#include "model/config.h"
#include "quantize/tensor.h"

namespace moevit {

// pixels [image_size, image_size, channels] -> [patches, channels * patch *
// patch] in (channel, row, column) order, each (pixel / 255 - mean) / std.
Tensor NormalizedPatches(const ModelConfig& config,
                         absl::Span<const uint8_t> pixels);

// patches -> [tokens, width]: the prefix tokens, then the projected patches,
// all with their positions added.
Tensor PatchEmbed(const Checkpoint& checkpoint, const Tensor& patches);

// Each row to zero mean and unit variance, then scaled and shifted.
Tensor LayerNorm(const LayerNormWeights& weights, double epsilon,
                 const Tensor& input);

// input W^T + b.
Tensor Linear(const LinearWeights& weights, const Tensor& input);

// qkv [tokens, 3 * width] -> [heads * tokens, tokens]: for each head and query
// the products with all keys, divided by sqrt(head width).
Tensor AttentionScores(const Tensor& qkv, int heads);

// Replaces the values by their softmax.
void Softmax(absl::Span<float> values);

// Replaces each row by its softmax.
void SoftmaxRows(Tensor& rows);

// The values of `qkv` mixed by `probabilities`, shaped as AttentionScores
// returns them -> [tokens, width].
Tensor MixValues(const Tensor& probabilities, const Tensor& qkv, int heads);

// Replaces each value by its activation.
void Activate(ActivationKind kind, Tensor& values);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_FLOAT_OPS_H_
