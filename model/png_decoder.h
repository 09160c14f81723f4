// PNG, by libpng. Part of DecodeImage; not for use elsewhere.

#ifndef MOEVIT_MODEL_PNG_DECODER_H_
#define MOEVIT_MODEL_PNG_DECODER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/decode_limits.h"
#include "model/image.h"

namespace moevit {

// Every colour type and bit depth, interlaced or not.
absl::StatusOr<Image> DecodePng(absl::string_view bytes,
                                const DecodeLimits& limits);

}  // namespace moevit

#endif  // MOEVIT_MODEL_PNG_DECODER_H_
