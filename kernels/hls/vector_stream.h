// What the operators between the products have in common: words from and to
// memory, and blocks of 32 channels, which is what they work on per cycle.

#ifndef MOEVIT_KERNELS_HLS_VECTOR_STREAM_H_
#define MOEVIT_KERNELS_HLS_VECTOR_STREAM_H_

#include <cstdint>

#include "kernels/hls/loop_counter.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// A word of int16, or half a word of codes.
constexpr int kBlockLanes = kWordInt16;
using Block = Vec<int16_t, kBlockLanes>;
using BlockSums = Vec<int32_t, kBlockLanes>;

// Blocks of a row that lies in memory as int16 or as codes. The latter end on a
// whole word.
constexpr int Int16Blocks(int width) { return Int16Words(width); }
constexpr int CodeBlocks(int width) { return 2 * CodeWords(width); }

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

inline Block Int16Block(const Word& word) {
  Block block;
  for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
    block[lane] = Int16At(word, lane);
  }
  return block;
}

inline Word Int16Word(const Block& block) {
  Word word;
  for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
    SetInt16(word, lane, block[lane]);
  }
  return word;
}

// Half of a word of codes.
inline Block CodeBlock(const Word& word, bool upper) {
  Block block;
  for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
    block[lane] = word[(upper ? kBlockLanes : 0) + lane];
  }
  return block;
}

// Puts codes into half of a word; the lower half clears the upper one.
inline void SetCodeBlock(const Block& codes, bool upper, Word& word) {
  for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
    const int8_t code = static_cast<int8_t>(codes[lane]);
    if (!upper) word[lane] = code;
    word[kBlockLanes + lane] = upper ? code : int8_t{0};
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_VECTOR_STREAM_H_
