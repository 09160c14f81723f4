// Antialiased resizing of 8-bit RGB images, bit for bit as Pillow does it, so
// that a model sees the pixels it was trained on. Horizontally first, always,
// as before Pillow 13, which resizes some tall images vertically first.

#ifndef MOEVIT_MODEL_RESIZE_H_
#define MOEVIT_MODEL_RESIZE_H_

#include "model/config.h"
#include "model/image.h"

namespace moevit {

// A rectangle of pixels.
struct Window {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

// Resizes the whole of `image` to `width` by `height` and cuts `window` out of
// the result. Time and memory depend on the window, not on the size that it is
// cut from. Thread safe.
// REQUIRES: a non-empty image, and a non-empty window within width x height.
Image ResizeAndCrop(const Image& image, int width, int height,
                    const Window& window, Interpolation interpolation);

}  // namespace moevit

#endif  // MOEVIT_MODEL_RESIZE_H_
