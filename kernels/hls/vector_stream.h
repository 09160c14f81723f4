// What the operators between the products have in common: words from and to
// memory, and how much of a row they keep on chip.

#ifndef MOEVIT_KERNELS_HLS_VECTOR_STREAM_H_
#define MOEVIT_KERNELS_HLS_VECTOR_STREAM_H_

#include <cstdint>

#include "kernels/hls/block.h"
#include "kernels/hls/loop_counter.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// Widest row whose sums or constants fit on chip.
constexpr int kMaxVectorBlocks = 256;
constexpr int kMaxVectorWidth = kMaxVectorBlocks * kBlockLanes;

// What one step adds to a sum in memory is read by a later one: no sooner than
// this many steps.
constexpr int kSumDistance = 4;

// `count` words of memory from each of `ranges` places, `stride` words apart.
struct WordRanges {
  int first;
  int count;
  int stride;
  int ranges;

  constexpr int64_t words() const { return int64_t{count} * ranges; }
};

constexpr WordRanges Consecutive(int first, int count) {
  return WordRanges{first, count, count, 1};
}

inline void LoadWords(const Word* memory, const WordRanges& place,
                      Stream<Word>& words) {
  MOEVIT_COUNTER(load_bytes);
  LoopCounter within(place.count);
  int range = place.first;
  for (int64_t i = 0; i < place.words(); ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 2364 max = 2364
    MOEVIT_COUNT(load_bytes, kWordBytes);
    words.write(memory[range + within.value()]);
    if (within.Advance()) range += place.stride;
  }
}

inline void StoreWords(int64_t count, Stream<Word>& words, Word* memory) {
  MOEVIT_COUNTER(store_bytes);
  for (int64_t i = 0; i < count; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 2364 max = 2364
    MOEVIT_COUNT(store_bytes, kWordBytes);
    memory[i] = words.read();
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_VECTOR_STREAM_H_
