// From an image of any size to a model's square input, as torchvision
// and timm prepare images for evaluation.
//
// The mean and the standard deviation of the configuration are not applied:
// the quantizer folds them into the integer patch embedding, so that a model's
// input is the plain 8-bit pixels.

#ifndef MOEVIT_MODEL_PREPROCESS_H_
#define MOEVIT_MODEL_PREPROCESS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/config.h"
#include "model/decode_limits.h"
#include "model/image.h"

namespace moevit {

// Resizes and crops `image` by config.preprocessing. Returns the pixels,
// [image_size, image_size, 3], or kInvalidArgument for an image that is empty
// or whose pixels do not match its size. Thread safe.
absl::StatusOr<std::vector<uint8_t>> Preprocess(const Image& image,
                                                const ModelConfig& config);

// Decodes the bytes of a JPEG or PNG file and preprocesses the image; where the
// configuration admits it, a large JPEG is decoded at a fraction of its size.
// Errors: as DecodeImage and Preprocess. Thread safe.
absl::StatusOr<std::vector<uint8_t>> DecodeAndPreprocess(
    absl::string_view bytes, const ModelConfig& config,
    const DecodeLimits& limits = DecodeLimits());

}  // namespace moevit

#endif  // MOEVIT_MODEL_PREPROCESS_H_
