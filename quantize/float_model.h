// A whole Vision Transformer, with or without experts, in 32-bit floating
// point: what quantization starts from and is measured against.
//
// Forward runs one image from pixels to logits. The steps it consists of are
// public, so that calibration can run a block over all its images before it
// goes on to the next. All functions are pure apart from their observer and
// safe to call from any number of threads on one Checkpoint. Shapes are those
// of a Checkpoint that LoadCheckpoint accepted.
//
// `observer` may be null everywhere. activation_observer.h lists the sites.

#ifndef MOEVIT_QUANTIZE_FLOAT_MODEL_H_
#define MOEVIT_QUANTIZE_FLOAT_MODEL_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "model/checkpoint.h"
#include "quantize/activation_observer.h"
#include "quantize/tensor.h"

namespace moevit {

// pixels [image_size, image_size, channels] -> the residual stream
// [tokens, width] that enters block 0.
Tensor EmbedImage(const Checkpoint& checkpoint,
                  absl::Span<const uint8_t> pixels,
                  ActivationObserver* observer);

// The first half of a block: tokens + attention(norm1(tokens)).
Tensor RunAttention(const Checkpoint& checkpoint, int block,
                    const Tensor& tokens, ActivationObserver* observer);

// The second half of a block: tokens + mlp(norm2(tokens)), the MLP being the
// experts that the gate chooses in a sparse block.
Tensor RunMlp(const Checkpoint& checkpoint, int block, const Tensor& tokens,
              ActivationObserver* observer);

// The residual stream that leaves the last block -> logits [classes].
std::vector<float> ClassifyTokens(const Checkpoint& checkpoint,
                                  const Tensor& tokens,
                                  ActivationObserver* observer);

// pixels [image_size, image_size, channels] -> logits [classes].
std::vector<float> Forward(const Checkpoint& checkpoint,
                           absl::Span<const uint8_t> pixels,
                           ActivationObserver* observer = nullptr);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_FLOAT_MODEL_H_
