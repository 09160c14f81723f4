#include "model/image_decoder.h"

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/jpeg_decoder.h"
#include "model/png_decoder.h"

namespace moevit {
namespace {

constexpr absl::string_view kJpegMagic = "\xff\xd8\xff";
constexpr absl::string_view kPngMagic = "\x89PNG\r\n\x1a\n";
constexpr size_t kMaxBytesInMessage = 8;

}  // namespace

absl::StatusOr<Image> DecodeImage(absl::string_view bytes,
                                  const DecodeLimits& limits,
                                  int sufficient_side) {
  if (bytes.empty()) {
    return absl::InvalidArgumentError("the image is empty: 0 bytes");
  }
  if (bytes.size() > limits.max_encoded_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("image of ", bytes.size(), " bytes; at most ",
                     limits.max_encoded_bytes, " are admitted"));
  }
  if (absl::StartsWith(bytes, kJpegMagic)) {
    return DecodeJpeg(bytes, limits, sufficient_side);
  }
  if (absl::StartsWith(bytes, kPngMagic)) return DecodePng(bytes, limits);
  return absl::InvalidArgumentError(absl::StrCat(
      "neither JPEG nor PNG: ", bytes.size(), " bytes that begin with 0x",
      absl::BytesToHexString(bytes.substr(0, kMaxBytesInMessage))));
}

}  // namespace moevit
