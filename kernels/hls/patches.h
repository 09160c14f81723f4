// Cuts images into rows of codes, one per patch.
//
//   load -> cut -> store
//
// The pixel rows of a line of patches, a strip, wait on chip in the words in
// which they came, while those of the next strip come in. A step takes up to 64
// bytes out of two neighbouring words, wherever they begin, and appends them to
// the row of codes of their patch.

#ifndef MOEVIT_KERNELS_HLS_PATCHES_H_
#define MOEVIT_KERNELS_HLS_PATCHES_H_

#include <cstdint>

#include "kernels/hls/loop_counter.h"
#include "kernels/hls/patches_shape.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/vector_stream.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// The words of two strips, in two memories so that neighbours are read at once.
struct StripMemory {
  Word even[kMaxStripLines];
  Word odd[kMaxStripLines];

  void Write(int64_t word, const Word& value) {
    const int line = static_cast<int>(word / 2 % kMaxStripLines);
    if (word % 2 == 0) {
      even[line] = value;
    } else {
      odd[line] = value;
    }
  }

  // 64 bytes, beginning `offset` bytes into a word.
  Word Read(int64_t word, int offset) const {
    const Word& of_even =
        even[static_cast<int>((word + 1) / 2 % kMaxStripLines)];
    const Word& of_odd = odd[static_cast<int>(word / 2 % kMaxStripLines)];
    const bool even_first = word % 2 == 0;
    Word bytes;
    for (int lane = 0; lane < kWordBytes; ++lane) {
#pragma HLS UNROLL
      const int at = offset + lane;
      const bool first = at < kWordBytes;
      bytes[lane] = first == even_first ? of_even[at % kWordBytes]
                                        : of_odd[at % kWordBytes];
    }
    return bytes;
  }
};

// The word of codes that is being filled.
struct PatchRow {
  Word codes = {};
  int filled = 0;

  // Appends `count` pixels; true if that completed a word.
  bool Append(const Word& pixels, int count, Word& complete) {
    Word rest = {};
    for (int lane = 0; lane < 2 * kWordCodes; ++lane) {
#pragma HLS UNROLL
      const int from = lane - filled;
      if (from < 0) continue;
      // A pixel - 128: its uppermost bit flipped.
      const int8_t code =
          from < count ? static_cast<int8_t>(pixels[from] ^ 0x80) : int8_t{0};
      (lane < kWordCodes ? codes[lane] : rest[lane - kWordCodes]) = code;
    }
    filled += count;
    if (filled < kWordCodes) return false;
    complete = codes;
    codes = rest;
    filled -= kWordCodes;
    return true;
  }
};

// Where a step is in a strip.
struct CutStep {
  explicit CutStep(const PatchesShape& shape)
      : step(shape.strip_steps()),
        in_patch(shape.patch_steps()),
        chunk(shape.chunks()) {}

  // Whether that began a new strip.
  bool Advance() {
    if (in_patch.last()) {
      chunk.Restart();
      pixel_row = 0;
      ++column;
    } else if (chunk.Advance()) {
      ++pixel_row;
    }
    in_patch.Advance();
    if (!step.Advance()) return false;
    in_patch.Restart();
    chunk.Restart();
    pixel_row = 0;
    column = 0;
    return true;
  }

  LoopCounter step;
  LoopCounter in_patch;  // last(): what is left in the last word
  LoopCounter chunk;
  int pixel_row = 0;
  int column = 0;
};

// A strip, as a position among all of them.
struct StripPosition {
  explicit StripPosition(const PatchesShape& shape) : line(shape.side()) {}

  void Advance(const PatchesShape& shape) {
    if (line.Advance()) image_word += shape.image_words();
  }
  int64_t first_byte(const PatchesShape& shape) const {
    return image_word * kWordBytes +
           int64_t{line.value()} * shape.strip_bytes();
  }
  // Words from the first image's first one to the strip's last one.
  int64_t words(const PatchesShape& shape) const {
    return (first_byte(shape) + shape.strip_bytes() + kWordBytes - 1) /
           kWordBytes;
  }

  LoopCounter line;
  int64_t image_word = 0;
};

inline void CutPatches(const PatchesShape& shape, Stream<Word>& pixels,
                       Stream<Word>& output) {
  MOEVIT_COUNTER(patches_cut);
  MOEVIT_MEMORY(StripMemory, memory);
#pragma HLS BIND_STORAGE variable = memory.even type = ram_2p impl = uram
#pragma HLS BIND_STORAGE variable = memory.odd type = ram_2p impl = uram
  PatchRow row;
  CutStep at(shape);
  StripPosition coming(shape);
  StripPosition cut(shape);  // one behind
  int64_t strip = 0;         // coming
  int64_t loaded = 0;        // words
  const int64_t steps = (shape.strips() + 1) * shape.strip_steps();
  for (int64_t i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 3570 max = 3570
#pragma HLS DEPENDENCE variable = memory inter false
    MOEVIT_COUNT(patches_cut, 1);
    if (strip < shape.strips() && loaded < coming.words(shape)) {
      memory.Write(loaded++, pixels.read());
    }
    if (strip > 0 && at.column < shape.side()) {
      const int64_t byte =
          cut.first_byte(shape) + int64_t{at.pixel_row} * shape.row_bytes() +
          at.column * shape.segment_bytes() + at.chunk.value() * kWordBytes;
      const int left = shape.segment_bytes() - at.chunk.value() * kWordBytes;
      const int count = left < kWordBytes ? left : kWordBytes;
      Word complete;
      if (at.in_patch.last()) {
        if (row.filled > 0) output.write(row.codes);
        row = PatchRow();
      } else if (row.Append(memory.Read(byte / kWordBytes,
                                        static_cast<int>(byte % kWordBytes)),
                            count, complete)) {
        output.write(complete);
      }
    }
    if (at.Advance()) {
      if (strip > 0) cut.Advance(shape);
      coming.Advance(shape);
      ++strip;
    }
  }
}

inline void RunPatches(const PatchesShape& shape, const Word* input,
                       Word* output) {
  Stream<Word, 64> pixels("pixels");
  Stream<Word, 64> codes("codes");
  MOEVIT_DATAFLOW;
  MOEVIT_PROCESS(LoadWords, input,
                 Consecutive(/*first=*/0, shape.images * shape.image_words()),
                 pixels);
  MOEVIT_PROCESS(CutPatches, shape, pixels, codes);
  MOEVIT_PROCESS(StoreWords,
                 shape.strips() * shape.side() * shape.patch_words(), codes,
                 output);
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_PATCHES_H_
