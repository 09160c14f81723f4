// How large an image a client may send.

#ifndef MOEVIT_MODEL_DECODE_LIMITS_H_
#define MOEVIT_MODEL_DECODE_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"

namespace moevit {

// Decoding needs at most about 9 bytes of memory per pixel (progressive JPEG),
// plus the encoded image.
struct DecodeLimits {
  size_t max_encoded_bytes = size_t{32} << 20;  // Default: 32 MiB.
  int max_side = 16384;                         // width and height, in pixels
  int64_t max_pixels = 50'000'000;              // width times height
};

// kInvalidArgument naming the size and the limit when an image of `width` by
// `height` pixels is empty or too large.
absl::Status CheckImageSize(int64_t width, int64_t height,
                            const DecodeLimits& limits);

}  // namespace moevit

#endif  // MOEVIT_MODEL_DECODE_LIMITS_H_
