#include "model/decode_limits.h"

#include "absl/strings/str_cat.h"

namespace moevit {

absl::Status CheckImageSize(int64_t width, int64_t height,
                            const DecodeLimits& limits) {
  if (width >= 1 && height >= 1 && width <= limits.max_side &&
      height <= limits.max_side && width * height <= limits.max_pixels) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "image of ", width, "x", height, " pixels; admitted are 1 to ",
      limits.max_side, " per side and at most ", limits.max_pixels, " in all"));
}

}  // namespace moevit
