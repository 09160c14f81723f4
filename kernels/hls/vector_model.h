// How long the vector operators take and what their kernel occupies: MODELLED.
//
// The iterations and bytes are exact; the tests compare them with those of a
// simulation. `steps` are those of the slowest process, which makes one per
// cycle as long as memory keeps up.

#ifndef MOEVIT_KERNELS_HLS_VECTOR_MODEL_H_
#define MOEVIT_KERNELS_HLS_VECTOR_MODEL_H_

#include <cstdint>

#include "kernels/hls/block.h"
#include "kernels/hls/combine.h"
#include "kernels/hls/gate_shape.h"
#include "kernels/hls/layer_norm.h"
#include "kernels/hls/patches_shape.h"
#include "kernels/hls/pool.h"
#include "kernels/hls/resources.h"
#include "kernels/hls/vector_stream.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

struct VectorCount {
  int64_t steps;
  int64_t read_bytes;  // without the header
  int64_t written_bytes;
};

constexpr VectorCount MakeVectorCount(int64_t steps, int64_t words_read,
                                      int64_t words_written) {
  return VectorCount{steps, words_read * kWordBytes,
                     words_written * kWordBytes};
}

constexpr VectorCount CountLayerNorm(const LayerNormShape& shape) {
  return MakeVectorCount(shape.constant_words() + shape.steps(),
                         shape.constant_words() + shape.steps(),
                         int64_t{shape.rows} * CodeWords(shape.width));
}

constexpr VectorCount CountGate(const GateShape& shape) {
  const int64_t load =
      int64_t{shape.bias_words()} * kGateBiasesPerWord + shape.weight_words();
  const int64_t multiply =
      load + int64_t{shape.rows} * shape.words() * shape.word_steps();
  const int64_t select = int64_t{shape.rows} * shape.experts;
  return MakeVectorCount(multiply > select ? multiply : select,
                         shape.bias_words() + shape.weight_words() +
                             int64_t{shape.rows} * shape.words(),
                         shape.rows);
}

constexpr VectorCount CountCombine(const CombineShape& shape) {
  const int64_t words = int64_t{shape.rows} * shape.blocks();
  return MakeVectorCount(shape.steps(), words * (shape.top_k + 1) + shape.rows,
                         words);
}

constexpr VectorCount CountPool(const PoolShape& shape) {
  const int64_t words =
      int64_t{shape.images} * shape.groups * shape.row_words();
  return MakeVectorCount(shape.steps(), words * shape.rows_per_group, words);
}

constexpr VectorCount CountPatches(const PatchesShape& shape) {
  return MakeVectorCount((shape.strips() + 1) * shape.strip_steps(),
                         int64_t{shape.images} * shape.image_words(),
                         shape.strips() * shape.side() * shape.patch_words());
}

// Header and first words are read one after the other, 100 cycles each, and the
// pipelines fill: the root's is the longest. Assumed.
constexpr int64_t kVectorStartCycles = 350;

constexpr int64_t VectorCycles(const VectorCount& count) {
  return kVectorStartCycles + count.steps;
}

// The operators share the kernel's ports, not their logic.
constexpr Resources VectorResources() {
  // LayerNorm: a square and three products per lane; a row's variance. Gate: 16
  // by 8 bits, one per DSP; octaves of two numerators. Pool: one per lane.
  // Sizes.
  const int dsp = 4 * kBlockLanes + 6 + kGateExperts * kWordCodes + 2 * 4 +
                  kBlockLanes + 5 * kAddressDsps;
  // LayerNorm's rows and constants; the sums of combine and pool; ten streams
  // of 64 words; the logits.
  const int bram = BramFor(kWordBits, 2 * kMaxVectorBlocks) +
                   kNormWordsPerBlock * BramFor(kWordBits, kMaxVectorBlocks) +
                   2 * BramFor(32 * kBlockLanes, kMaxVectorBlocks) +
                   10 * BramFor(kWordBits, 64) +
                   BramFor(32, 2 * kMaxGateLogits);
  // Gate weights; the two halves of a strip memory.
  const int uram = kGateExperts * UramFor(2 * kWordBits, kMaxGateLines) +
                   2 * UramFor(kWordBits, kMaxStripLines);
  // Per lane of LayerNorm two shifts and saturations, of combine and pool one,
  // and a product of combine; root and divisions, a subtraction per digit; the
  // adder trees of the gate and its insertion; two rotators of 64 bytes; twenty
  // processes. Assumed.
  const int lut = kBlockLanes * (500 + 2 * 300 + 280) +
                  (31 * 64 + 2 * 17 * 40) + kGateExperts * kWordCodes * 30 +
                  kMaxTopK * 100 + 2 * 8 * kWordBytes * 8 + 20 * 1000;
  return Resources{dsp, bram, uram, lut} + 5 * kMemoryPort;
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_VECTOR_MODEL_H_
