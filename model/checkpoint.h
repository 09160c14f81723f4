// The float weights of a model in one canonical form, whatever the names and
// the layout of the file they came from.
//
// All matrices are row-major [out, in], so that y = x W^T + b. Plain data;
// safe to read from any number of threads.

#ifndef MOEVIT_MODEL_CHECKPOINT_H_
#define MOEVIT_MODEL_CHECKPOINT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/config.h"

namespace moevit {

struct LinearWeights {
  int in = 0;
  int out = 0;
  std::vector<float> weight;  // [out, in]
  std::vector<float> bias;    // [out]; zeros where the checkpoint has none
};

struct LayerNormWeights {
  std::vector<float> gamma;  // [width]
  std::vector<float> beta;   // [width]
};

struct MlpWeights {
  LinearWeights fc1;
  LinearWeights fc2;
};

struct BlockWeights {
  LayerNormWeights norm1;
  LinearWeights qkv;  // rows: all of q, then k, then v; head-major in each
  LinearWeights proj;
  LayerNormWeights norm2;
  // Dense block: exactly one MLP and no gate. Sparse block: one MLP per expert.
  std::vector<MlpWeights> mlps;
  std::optional<LinearWeights> gate;  // out = number of experts
};

struct Checkpoint {
  ModelConfig config;
  // in = channels * patch * patch in (channel, row, column) order.
  LinearWeights patch_embed;
  std::vector<float> prefix_tokens;  // [prefix_tokens, width]
  std::vector<float> positions;      // [tokens, width]
  std::vector<BlockWeights> blocks;
  // Norm of every token before pooling; absent in models that normalize after
  // mean pooling (timm's `fc_norm`), which have `pooled_norm` instead.
  std::optional<LayerNormWeights> norm;
  std::optional<LayerNormWeights> pooled_norm;
  LinearWeights head;
  std::optional<LinearWeights> distillation_head;
};

// Reads `directory`/config.json and `directory`/model.safetensors.
// Understands timm ViT/DeiT names and M3ViT/FastMoE expert and gate names,
// with the prefixes "module." and "backbone.". Returns kNotFound for a missing
// file, kInvalidArgument for a missing, unknown-typed or wrongly shaped tensor
// (naming it, its shape and the shape the config asks for), and for a value
// that is NaN or infinite (naming tensor and index).
absl::StatusOr<Checkpoint> LoadCheckpoint(const std::string& directory);

}  // namespace moevit

#endif  // MOEVIT_MODEL_CHECKPOINT_H_
