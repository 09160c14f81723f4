// What one launch of the patch operator cuts, and what its memory holds.

#ifndef MOEVIT_KERNELS_HLS_PATCHES_SHAPE_H_
#define MOEVIT_KERNELS_HLS_PATCHES_SHAPE_H_

#include <cstdint>

#include "kernels/hls/descriptor.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// Words on chip, half of them even ones: those of two strips.
constexpr int kMaxStripLines = 2048;
constexpr int kMaxImageRows = 8192;  // so that byte counts fit 32 bits
constexpr int kStripDistance = 16;   // from writing a word to reading it

struct PatchesShape {
  int images;
  int image_size;
  int channels;
  int patch_size;

  constexpr int side() const { return image_size / patch_size; }
  constexpr int row_bytes() const { return image_size * channels; }
  constexpr int strip_bytes() const { return patch_size * row_bytes(); }
  constexpr int segment_bytes() const { return patch_size * channels; }
  constexpr int image_words() const {
    return CeilDivide(image_size * row_bytes(), kWordBytes);
  }
  constexpr int strip_words() const {
    return CeilDivide(strip_bytes(), kWordBytes) + 1;
  }
  constexpr int chunks() const {
    return CeilDivide(segment_bytes(), kWordBytes);
  }
  constexpr int patch_words() const {
    return CodeWords(patch_size * segment_bytes());
  }
  // All chunks, and one step for what is left in the last word.
  constexpr int patch_steps() const { return patch_size * chunks() + 1; }
  // Not fewer than it takes to load the next strip.
  constexpr int strip_steps() const {
    return side() * patch_steps() > strip_words() + kStripDistance
               ? side() * patch_steps()
               : strip_words() + kStripDistance;
  }
  constexpr int64_t strips() const { return int64_t{images} * side(); }
};

inline PatchesShape ReadPatchesShape(const Word& header, int images) {
  PatchesShape shape = {};
  shape.images = images;
  shape.image_size = Int32At(header, 1);
  shape.channels = Int32At(header, 2);
  shape.patch_size = Int32At(header, 3);
  return shape;
}

// Whether the kernel's memory holds the shape.
constexpr bool PatchesFit(const PatchesShape& shape) {
  return shape.images > 0 && shape.image_size <= kMaxImageRows &&
         int64_t{shape.patch_size} * shape.row_bytes() <=
             (kMaxStripLines - 1) * kWordBytes;
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_PATCHES_SHAPE_H_
