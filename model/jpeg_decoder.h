// JPEG, by libjpeg-turbo. Part of DecodeImage; not for use elsewhere.

#ifndef MOEVIT_MODEL_JPEG_DECODER_H_
#define MOEVIT_MODEL_JPEG_DECODER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/decode_limits.h"
#include "model/image.h"

namespace moevit {

// Baseline and progressive; gray, YCbCr, RGB, CMYK and YCCK. `sufficient_side`
// as for DecodeImage.
absl::StatusOr<Image> DecodeJpeg(absl::string_view bytes,
                                 const DecodeLimits& limits,
                                 int sufficient_side);

}  // namespace moevit

#endif  // MOEVIT_MODEL_JPEG_DECODER_H_
