// What a model is: the shape of a Vision Transformer with or without
// Mixture-of-Experts blocks, how its images are prepared, and its class names.
//
// This is the content of a `config.json`. The same file stands beside a float
// checkpoint and beside the quantized model made from it. It holds no weights.
//
// Plain data: copyable, and safe to read from any number of threads.

#ifndef MOEVIT_MODEL_CONFIG_H_
#define MOEVIT_MODEL_CONFIG_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace moevit {

// How the output tokens become the features that the classifier sees.
enum class Pooling {
  kClassToken,  // the class token (the mean of both heads when distilled)
  kMean,        // the mean over the patch tokens
};

// In which order a gate selects experts and turns logits into weights.
enum class GateOrder {
  kTopKThenSoftmax,  // FastMoE: softmax over the selected logits only
  kSoftmaxThenTopK,  // M3ViT: softmax over all experts, not renormalized
};

enum class ActivationKind { kGelu, kGeluTanh };

enum class ResizeMode {
  kShorterSide,  // shorter side to size/crop_fraction, then a centre crop
  kExact,        // both sides to size, whatever the aspect ratio
};

enum class Interpolation { kBilinear, kBicubic };

// From a decoded RGB image to the model's square uint8 input.
struct PreprocessingConfig {
  ResizeMode resize = ResizeMode::kShorterSide;
  Interpolation interpolation = Interpolation::kBicubic;
  double crop_fraction = 1.0;              // [0.1, 1]; for kShorterSide
  double mean[3] = {0.485, 0.456, 0.406};  // per RGB channel, in [0, 1] units
  double std[3] = {0.229, 0.224, 0.225};
  // Decode a large JPEG at a fraction of its size, as long as the resize that
  // follows still halves it. Much faster; the pixels differ a little from those
  // of a full decode, which is what models are trained on.
  bool fast_decode = false;
};

struct MoeConfig {
  std::vector<int> blocks;  // indices of the sparse blocks, ascending
  int num_experts = 0;
  int top_k = 0;
  int hidden_width = 0;  // of one expert
  GateOrder gate_order = GateOrder::kTopKThenSoftmax;
};

struct ModelConfig {
  std::string name;  // "architecture" in the file; free text
  int image_size = 224;
  int patch_size = 16;
  int channels = 3;
  int width = 0;      // embedding dimension
  int depth = 0;      // number of blocks
  int heads = 0;      // head dimension is width / heads
  int mlp_width = 0;  // hidden width of the dense blocks
  int num_classes = 0;
  bool class_token = true;
  bool distilled = false;  // has a distillation token and a second head
  bool qkv_bias = true;
  Pooling pooling = Pooling::kClassToken;
  ActivationKind activation = ActivationKind::kGelu;
  double layer_norm_epsilon = 1e-6;
  MoeConfig moe;  // num_experts is 0 for a dense model
  PreprocessingConfig preprocessing;
  std::vector<std::string> class_names;  // num_classes of them, or none

  int head_width() const { return width / heads; }
  int prefix_tokens() const {
    return (class_token ? 1 : 0) + (distilled ? 1 : 0);
  }
  int patches_per_side() const { return image_size / patch_size; }
  int tokens() const {
    return prefix_tokens() + patches_per_side() * patches_per_side();
  }
  // Bytes of one image's pixels.
  size_t image_bytes() const {
    return size_t{1} * image_size * image_size * channels;
  }
  bool IsSparse(int block) const;
};

// Reads the text of a config.json. Understands this project's own fields and
// the aliases in docs/architecture.md ("hidden_size", "num_heads", ...).
// Returns kInvalidArgument naming the field, its value and what is admitted.
absl::StatusOr<ModelConfig> ParseModelConfig(absl::string_view json);

// Reads `directory`/config.json. Returns kNotFound when there is none.
absl::StatusOr<ModelConfig> LoadModelConfig(const std::string& directory);

// Writes the canonical fields; ParseModelConfig reads them back unchanged.
std::string ModelConfigToJson(const ModelConfig& config);

// Checks every limit and relation between the fields (for example that width
// is a multiple of heads). Called by ParseModelConfig.
absl::Status ValidateModelConfig(const ModelConfig& config);

}  // namespace moevit

#endif  // MOEVIT_MODEL_CONFIG_H_
