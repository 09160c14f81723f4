// JPEG files to measure with.

#ifndef MOEVIT_BENCH_JPEG_PICTURE_H_
#define MOEVIT_BENCH_JPEG_PICTURE_H_

#include <string>

namespace moevit {

// The bytes of a JPEG file with waves of all lengths and some noise: about as
// many bits per pixel as photographs have. The same each time.
std::string JpegPicture(int width, int height);

}  // namespace moevit

#endif  // MOEVIT_BENCH_JPEG_PICTURE_H_
