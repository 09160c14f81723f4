// An image in memory: 8-bit RGB, rows top to bottom, no padding.

#ifndef MOEVIT_MODEL_IMAGE_H_
#define MOEVIT_MODEL_IMAGE_H_

#include <cstdint>
#include <vector>

namespace moevit {

struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;  // [height, width, 3]
};

}  // namespace moevit

#endif  // MOEVIT_MODEL_IMAGE_H_
