// An image in memory: 8-bit RGB, rows top to bottom, no padding.

#ifndef MOEVIT_MODEL_IMAGE_H_
#define MOEVIT_MODEL_IMAGE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace moevit {

// Of a pixel: red, green, blue.
constexpr int kPixelChannels = 3;

struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;  // [height, width, kPixelChannels]

  // Of one row, in bytes.
  size_t stride() const { return size_t{kPixelChannels} * width; }
};

// A black image.
inline Image BlankImage(int width, int height) {
  Image image;
  image.width = width;
  image.height = height;
  image.pixels.resize(image.stride() * height);
  return image;
}

}  // namespace moevit

#endif  // MOEVIT_MODEL_IMAGE_H_
