// From a decoded image of any size to a model's square input, as torchvision
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
#include "model/config.h"
#include "model/image.h"

namespace moevit {

// Resizes and crops `image` by config.preprocessing. Returns the pixels,
// [image_size, image_size, 3], or kInvalidArgument for an image that is empty
// or whose pixels do not match its size. Thread safe.
absl::StatusOr<std::vector<uint8_t>> Preprocess(const Image& image,
                                                const ModelConfig& config);

}  // namespace moevit

#endif  // MOEVIT_MODEL_PREPROCESS_H_
