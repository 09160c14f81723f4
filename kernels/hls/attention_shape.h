// What one launch of the attention kernel computes, and what its memories hold.
//
// The work is cut into passes: a group of `queries` queries of one image and
// head against all tokens of the image. Heads are the outermost loop, so that a
// head's parameters are read once for all images; then images, then groups.

#ifndef MOEVIT_KERNELS_HLS_ATTENTION_SHAPE_H_
#define MOEVIT_KERNELS_HLS_ATTENTION_SHAPE_H_

#include <cstdint>

#include "kernels/hls/descriptor.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

constexpr int kMaxAttentionTokens = 4096;  // of an image: scores
constexpr int kMaxAttentionWords = 4096;   // tokens * head_words: K and V
constexpr int kMaxHeadWords = 16;          // of a query
constexpr int kMaxAttentionRowWords = 64;  // heads * head_words: constants
constexpr int kMaxNumeratorWords = 4;      // 256 levels

// Channels of a mixture that are rescaled per cycle: few, as mixtures come only
// once in a pass.
constexpr int kMixtureLanes = 8;
constexpr int kMixtureParts = kWordCodes / kMixtureLanes;

constexpr int kConstantsPerOutputWord =
    kWordBytes / static_cast<int>(sizeof(OutputConstants));
// For every word of an output row.
constexpr int kOutputConstantWords = kWordCodes / kConstantsPerOutputWord;

// What one pass writes to a memory, the next reads: at least this many cycles
// later, more than a write takes to arrive.
constexpr int kMemoryDistance = 16;

constexpr int Larger(int a, int b) { return a > b ? a : b; }

struct AttentionShape {
  int images;
  int tokens;  // of an image
  int heads;
  int head_width;  // channels
  int head_words;  // CodeWords(head_width)
  int levels;      // 16 or 256
  int queries;     // of a group: that many the kernel holds

  constexpr int row_words() const { return heads * head_words; }
  constexpr int head_token_words() const { return tokens * head_words; }
  constexpr int query_words() const { return queries * head_words; }
  constexpr int numerator_words() const { return CeilDivide(levels, 64); }
  constexpr int groups() const { return CeilDivide(tokens, queries); }
  constexpr int64_t passes() const {
    return int64_t{heads} * images * groups();
  }

  // Steps of a pass of scores and numerators: one per word of keys, and idle
  // ones where these are too few to fetch the next queries or to keep the
  // memories' distance (a score is read up to tokens * (head_words - 1) steps
  // earlier in its pass than it was written in the pass before).
  constexpr int pass_steps() const {
    return Larger(query_words(),
                  tokens * (head_words - 1) + Larger(tokens, kMemoryDistance));
  }
  // Steps over the tokens for one word of mixtures: not fewer than it takes to
  // drain the ones before.
  constexpr int mixture_steps() const {
    return Larger(tokens, queries * kMixtureParts);
  }
};

// The keys or the values of a head.
struct HeadWords {
  Word words[kMaxAttentionWords];
};

// Whether the kernel's memories hold the shape.
constexpr bool AttentionFits(const AttentionShape& shape) {
  return shape.images > 0 && shape.tokens > 0 && shape.heads > 0 &&
         shape.head_width > 0 &&
         shape.head_words == CodeWords(shape.head_width) &&
         shape.tokens <= kMaxAttentionTokens &&
         shape.head_words <= kMaxHeadWords &&
         shape.head_token_words() <= kMaxAttentionWords &&
         shape.row_words() <= kMaxAttentionRowWords;
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_ATTENTION_SHAPE_H_
