// From the bytes of a JPEG or PNG file to pixels.
//
// Gives the pixels that Pillow's Image.open(...).convert("RGB") gives, turned
// upright by the EXIF orientation of a JPEG. Exception: 16-bit grayscale takes
// the high byte, as 16-bit RGB does, where Pillow clips. As there:
//   alpha and transparency are dropped, not composited on a background;
//   CMYK is read by Adobe's convention, with inverted inks;
//   colour profiles and gamma are ignored.
//
// The bytes are not trusted. Functions are thread safe.

#ifndef MOEVIT_MODEL_IMAGE_DECODER_H_
#define MOEVIT_MODEL_IMAGE_DECODER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/decode_limits.h"
#include "model/image.h"

namespace moevit {

// The format is told from the content. The image's size is checked before
// memory for its pixels is allocated. Returns kInvalidArgument, saying what is
// wrong, for bytes that are empty, of another format, truncated, damaged or
// over a limit.
//
// A `sufficient_side` above 0 lets a JPEG be decoded at 1/2, 1/4 or 1/8 of its
// size, the smallest whose shorter side has that many pixels. Its pixels are
// then about, not exactly, the means of those of the full image.
absl::StatusOr<Image> DecodeImage(absl::string_view bytes,
                                  const DecodeLimits& limits = DecodeLimits(),
                                  int sufficient_side = 0);

}  // namespace moevit

#endif  // MOEVIT_MODEL_IMAGE_DECODER_H_
