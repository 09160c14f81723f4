// Small random models for tests: every variant of ModelConfig, odd sizes.

#ifndef MOEVIT_TESTS_QUANTIZE_RANDOM_CHECKPOINT_H_
#define MOEVIT_TESTS_QUANTIZE_RANDOM_CHECKPOINT_H_

#include <cstdint>
#include <vector>

#include "model/checkpoint.h"
#include "model/config.h"

namespace moevit {

// A dense model of 3 blocks: 12x12 pixels, 9 patches, 3 heads of 5.
ModelConfig SmallDenseConfig();

// The same with block 1 sparse: 5 experts of hidden width 7, top-2.
ModelConfig SmallSparseConfig();

// Weights of a size that keeps activations near 1, the same for equal seeds.
// Adds a pooled norm in place of the final one when the pooling is kMean.
Checkpoint RandomCheckpoint(const ModelConfig& config, uint32_t seed);

// One image's pixels.
std::vector<uint8_t> RandomPixels(const ModelConfig& config, uint32_t seed);

}  // namespace moevit

#endif  // MOEVIT_TESTS_QUANTIZE_RANDOM_CHECKPOINT_H_
