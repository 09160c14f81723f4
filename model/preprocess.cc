#include "model/preprocess.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/image_decoder.h"
#include "model/resize.h"

namespace moevit {
namespace {

// The longest side, in pixels, that a resized image can have on paper: it is
// never computed in full, but its coordinates must fit an int.
constexpr int64_t kMaxResizedSide = int64_t{1} << 30;

// A reduced image is at least this many times as large as what it is resized
// to, so that the antialiasing filter still decides what is seen.
constexpr int kFastDecodeMargin = 2;

absl::Status CheckImage(const Image& image) {
  if (image.width < 1 || image.height < 1 ||
      image.pixels.size() != image.stride() * image.height) {
    return absl::InvalidArgumentError(
        absl::StrCat("image of ", image.width, "x", image.height,
                     " pixels with ", image.pixels.size(), " bytes"));
  }
  return absl::OkStatus();
}

// Where a centred window of `size` begins in `whole`: half of what is left
// over, rounded to even, as Python rounds.
int CenteredBegin(int whole, int size) {
  const int half = (whole - size) / 2;
  const bool is_tie = (whole - size) % 2 != 0;
  return half + (is_tie && half % 2 != 0 ? 1 : 0);
}

// The length to which the shorter side of an image is resized.
int ResizedShorterSide(const ModelConfig& config) {
  if (config.preprocessing.resize == ResizeMode::kExact) {
    return config.image_size;
  }
  return static_cast<int>(
      std::floor(config.image_size / config.preprocessing.crop_fraction));
}

absl::StatusOr<Image> ResizeShorterSide(const Image& image,
                                        const ModelConfig& config) {
  const int64_t shorter = ResizedShorterSide(config);
  const int64_t longer = shorter * std::max(image.width, image.height) /
                         std::min(image.width, image.height);
  if (longer > kMaxResizedSide) {
    return absl::InvalidArgumentError(absl::StrCat(
        "image of ", image.width, "x", image.height,
        " pixels would have a side of ", longer, " after resizing; at most ",
        kMaxResizedSide, " are admitted"));
  }
  const bool is_portrait = image.width <= image.height;
  const int width = static_cast<int>(is_portrait ? shorter : longer);
  const int height = static_cast<int>(is_portrait ? longer : shorter);
  const int size = config.image_size;
  const Window window = {.left = CenteredBegin(width, size),
                         .top = CenteredBegin(height, size),
                         .width = size,
                         .height = size};
  return ResizeAndCrop(image, width, height, window,
                       config.preprocessing.interpolation);
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> Preprocess(const Image& image,
                                                const ModelConfig& config) {
  MOEVIT_RETURN_IF_ERROR(CheckImage(image));
  const int size = config.image_size;
  const PreprocessingConfig& options = config.preprocessing;
  if (options.resize == ResizeMode::kExact) {
    const Window all = {.left = 0, .top = 0, .width = size, .height = size};
    return ResizeAndCrop(image, size, size, all, options.interpolation).pixels;
  }
  MOEVIT_ASSIGN_OR_RETURN(Image resized, ResizeShorterSide(image, config));
  return std::move(resized.pixels);
}

absl::StatusOr<std::vector<uint8_t>> DecodeAndPreprocess(
    absl::string_view bytes, const ModelConfig& config,
    const DecodeLimits& limits) {
  const int sufficient_side =
      config.preprocessing.fast_decode
          ? kFastDecodeMargin * ResizedShorterSide(config)
          : 0;
  MOEVIT_ASSIGN_OR_RETURN(const Image image,
                          DecodeImage(bytes, limits, sufficient_side));
  return Preprocess(image, config);
}

}  // namespace moevit
