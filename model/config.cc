#include "model/config.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

constexpr int kMaxImageSize = 4096;
constexpr int kMaxWidth = 8192;
constexpr int kMaxHiddenWidth = 4 * kMaxWidth;
constexpr int kMaxDepth = 128;
constexpr int kMaxExperts = 1024;
constexpr int kMaxTokens = 65535;
constexpr int kMaxClasses = 65536;

template <typename T>
absl::Status CheckRange(absl::string_view field, T value, T min, T max) {
  // Written so that NaN is refused.
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is ", value, "; admitted are ", min, " to ", max));
}

absl::Status CheckMultiple(absl::string_view field, int value,
                           absl::string_view divisor_field, int divisor) {
  if (value % divisor == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is ", value, ", not a multiple of ", divisor_field,
                   ", which is ", divisor));
}

absl::Status CheckShape(const ModelConfig& config) {
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("image_size", config.image_size, 1, kMaxImageSize));
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("patch_size", config.patch_size, 1, config.image_size));
  MOEVIT_RETURN_IF_ERROR(CheckMultiple("image_size", config.image_size,
                                       "patch_size", config.patch_size));
  MOEVIT_RETURN_IF_ERROR(CheckRange("channels", config.channels, 3, 3));
  MOEVIT_RETURN_IF_ERROR(CheckRange("width", config.width, 1, kMaxWidth));
  MOEVIT_RETURN_IF_ERROR(CheckRange("depth", config.depth, 1, kMaxDepth));
  MOEVIT_RETURN_IF_ERROR(CheckRange("heads", config.heads, 1, config.width));
  MOEVIT_RETURN_IF_ERROR(
      CheckMultiple("width", config.width, "heads", config.heads));
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("num_classes", config.num_classes, 1, kMaxClasses));
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("number of tokens", config.tokens(), 1, kMaxTokens));
  return CheckRange("layer_norm_epsilon", config.layer_norm_epsilon, 1e-12,
                    1e-1);
}

absl::Status CheckPooling(const ModelConfig& config) {
  if (config.distilled && !config.class_token) {
    return absl::InvalidArgumentError(
        "distilled is true but class_token is false");
  }
  if (config.pooling == Pooling::kClassToken && !config.class_token) {
    return absl::InvalidArgumentError(
        "pooling is \"token\" but class_token is false");
  }
  if (config.pooling == Pooling::kMean && config.distilled) {
    return absl::InvalidArgumentError(
        "pooling is \"mean\" but distilled is true; a distilled model reads "
        "its class and distillation tokens");
  }
  return absl::OkStatus();
}

absl::Status CheckSparseBlocks(const ModelConfig& config) {
  const std::vector<int>& blocks = config.moe.blocks;
  if (blocks.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "moe_blocks is empty but num_experts is ", config.moe.num_experts));
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    MOEVIT_RETURN_IF_ERROR(CheckRange(absl::StrCat("moe_blocks[", i, "]"),
                                      blocks[i], 0, config.depth - 1));
    if (i > 0 && blocks[i] <= blocks[i - 1]) {
      return absl::InvalidArgumentError(
          absl::StrCat("moe_blocks[", i, "] is ", blocks[i], " after ",
                       blocks[i - 1], "; expected ascending indices"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckMoe(const ModelConfig& config) {
  const MoeConfig& moe = config.moe;
  if (moe.num_experts == 0) {
    if (moe.blocks.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "num_experts is 0 but moe_blocks has ", moe.blocks.size(), " entries"));
  }
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("num_experts", moe.num_experts, 2, kMaxExperts));
  MOEVIT_RETURN_IF_ERROR(CheckRange("top_k", moe.top_k, 1, moe.num_experts));
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("expert_width", moe.hidden_width, 1, kMaxHiddenWidth));
  return CheckSparseBlocks(config);
}

absl::Status CheckPreprocessing(const PreprocessingConfig& preprocessing) {
  MOEVIT_RETURN_IF_ERROR(CheckRange("preprocessing.crop_fraction",
                                    preprocessing.crop_fraction, 0.1, 1.0));
  for (int c = 0; c < 3; ++c) {
    MOEVIT_RETURN_IF_ERROR(
        CheckRange(absl::StrCat("preprocessing.mean[", c, "]"),
                   preprocessing.mean[c], 0.0, 1.0));
    MOEVIT_RETURN_IF_ERROR(
        CheckRange(absl::StrCat("preprocessing.std[", c, "]"),
                   preprocessing.std[c], 1e-3, 10.0));
  }
  return absl::OkStatus();
}

}  // namespace

bool ModelConfig::IsSparse(int block) const {
  return std::binary_search(moe.blocks.begin(), moe.blocks.end(), block);
}

absl::Status ValidateModelConfig(const ModelConfig& config) {
  MOEVIT_RETURN_IF_ERROR(CheckShape(config));
  MOEVIT_RETURN_IF_ERROR(CheckPooling(config));
  MOEVIT_RETURN_IF_ERROR(CheckMoe(config));
  if (static_cast<int>(config.moe.blocks.size()) < config.depth) {
    MOEVIT_RETURN_IF_ERROR(
        CheckRange("mlp_width", config.mlp_width, 1, kMaxHiddenWidth));
  }
  MOEVIT_RETURN_IF_ERROR(CheckPreprocessing(config.preprocessing));
  if (!config.class_names.empty() &&
      config.class_names.size() != static_cast<size_t>(config.num_classes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("class_names has ", config.class_names.size(),
                     " entries but num_classes is ", config.num_classes));
  }
  return absl::OkStatus();
}

}  // namespace moevit
