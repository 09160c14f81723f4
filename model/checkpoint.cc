// Tensor names, as found in the field:
//   timm and DeiT   cls_token, dist_token, pos_embed, patch_embed.proj,
//                   blocks.<i>.{norm1, attn.qkv, attn.proj, norm2,
//                   mlp.fc1, mlp.fc2}, norm or fc_norm, head, head_dist
//   M3ViT           blocks.<i>.mlp.experts.{htoh4, h4toh}.weight [E, out, in],
//                   blocks.<i>.mlp.gate[.<task>].w_gate [width, E]
//   FastMoE         blocks.<i>.mlp.experts.<e>.{htoh4, h4toh}.weight
//                   [1, out, in], blocks.<i>.mlp.gate.gate [E, width]

#include "model/checkpoint.h"

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "model/safetensors_reader.h"
#include "model/tensor_source.h"

namespace moevit {
namespace {

LinearWeights WithoutValues(int in, int out) {
  LinearWeights linear;
  linear.in = in;
  linear.out = out;
  return linear;
}

// Reads the parts of one checkpoint. Each function takes the tensors it reads
// from the source.
class CheckpointLoader {
 public:
  CheckpointLoader(const ModelConfig& config, TensorSource source)
      : config_(config), source_(std::move(source)) {}

  absl::StatusOr<Checkpoint> Load();

 private:
  absl::StatusOr<LinearWeights> Linear(const std::string& name, int in, int out,
                                       bool has_bias = true);
  absl::StatusOr<LayerNormWeights> LayerNorm(const std::string& name);
  absl::StatusOr<LinearWeights> PatchEmbed();
  absl::StatusOr<std::vector<float>> PrefixTokens();
  absl::StatusOr<BlockWeights> Block(int index);
  absl::StatusOr<MlpWeights> DenseMlp(const std::string& name);
  absl::StatusOr<std::vector<MlpWeights>> Experts(const std::string& name);
  absl::StatusOr<std::vector<LinearWeights>> StackedLinears(
      const std::string& name, int count, int in, int out);
  absl::StatusOr<LinearWeights> Gate(const std::string& name);
  absl::StatusOr<LinearWeights> TransposedGate(const std::string& tensor);
  absl::Status Norms(Checkpoint& checkpoint);

  const ModelConfig& config_;
  TensorSource source_;
};

absl::StatusOr<LinearWeights> CheckpointLoader::Linear(const std::string& name,
                                                       int in, int out,
                                                       bool has_bias) {
  LinearWeights linear = WithoutValues(in, out);
  MOEVIT_ASSIGN_OR_RETURN(linear.weight,
                          source_.Take(name + ".weight", {out, in}));
  if (has_bias) {
    MOEVIT_ASSIGN_OR_RETURN(linear.bias, source_.Take(name + ".bias", {out}));
  } else {
    linear.bias.assign(out, 0.0f);
  }
  return linear;
}

absl::StatusOr<LayerNormWeights> CheckpointLoader::LayerNorm(
    const std::string& name) {
  LayerNormWeights norm;
  MOEVIT_ASSIGN_OR_RETURN(norm.gamma,
                          source_.Take(name + ".weight", {config_.width}));
  MOEVIT_ASSIGN_OR_RETURN(norm.beta,
                          source_.Take(name + ".bias", {config_.width}));
  return norm;
}

// A convolution whose stride is its size is a linear map of each patch.
absl::StatusOr<LinearWeights> CheckpointLoader::PatchEmbed() {
  const int patch = config_.patch_size;
  LinearWeights linear =
      WithoutValues(config_.channels * patch * patch, config_.width);
  MOEVIT_ASSIGN_OR_RETURN(
      linear.weight,
      source_.Take("patch_embed.proj.weight",
                   {config_.width, config_.channels, patch, patch}));
  MOEVIT_ASSIGN_OR_RETURN(
      linear.bias, source_.Take("patch_embed.proj.bias", {config_.width}));
  return linear;
}

absl::StatusOr<std::vector<float>> CheckpointLoader::PrefixTokens() {
  std::vector<float> tokens;
  if (config_.class_token) {
    MOEVIT_ASSIGN_OR_RETURN(tokens,
                            source_.Take("cls_token", {1, 1, config_.width}));
  }
  if (config_.distilled) {
    MOEVIT_ASSIGN_OR_RETURN(const std::vector<float> token,
                            source_.Take("dist_token", {1, 1, config_.width}));
    tokens.insert(tokens.end(), token.begin(), token.end());
  }
  return tokens;
}

absl::StatusOr<MlpWeights> CheckpointLoader::DenseMlp(const std::string& name) {
  MlpWeights mlp;
  MOEVIT_ASSIGN_OR_RETURN(
      mlp.fc1, Linear(name + ".fc1", config_.width, config_.mlp_width));
  MOEVIT_ASSIGN_OR_RETURN(
      mlp.fc2, Linear(name + ".fc2", config_.mlp_width, config_.width));
  return mlp;
}

// Splits [count, out, in] and [count, out] into `count` linears.
absl::StatusOr<std::vector<LinearWeights>> CheckpointLoader::StackedLinears(
    const std::string& name, int count, int in, int out) {
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<float> weights,
                          source_.Take(name + ".weight", {count, out, in}));
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<float> biases,
                          source_.Take(name + ".bias", {count, out}));
  std::vector<LinearWeights> linears;
  const int64_t size = int64_t{out} * in;
  for (int i = 0; i < count; ++i) {
    const auto weight = weights.begin() + i * size;
    const auto bias = biases.begin() + int64_t{i} * out;
    linears.push_back({.in = in,
                       .out = out,
                       .weight = {weight, weight + size},
                       .bias = {bias, bias + out}});
  }
  return linears;
}

absl::StatusOr<std::vector<MlpWeights>> CheckpointLoader::Experts(
    const std::string& name) {
  const int count = config_.moe.num_experts;
  const int width = config_.width;
  const int hidden = config_.moe.hidden_width;
  const bool stacked = source_.Has(name + ".htoh4.weight");
  const int files = stacked ? 1 : count;  // tensors per linear
  const int experts_per_file = stacked ? count : 1;
  std::vector<MlpWeights> experts;
  for (int i = 0; i < files; ++i) {
    const std::string prefix = stacked ? name : absl::StrCat(name, ".", i);
    MOEVIT_ASSIGN_OR_RETURN(
        std::vector<LinearWeights> fc1,
        StackedLinears(prefix + ".htoh4", experts_per_file, width, hidden));
    MOEVIT_ASSIGN_OR_RETURN(
        std::vector<LinearWeights> fc2,
        StackedLinears(prefix + ".h4toh", experts_per_file, hidden, width));
    for (int e = 0; e < experts_per_file; ++e) {
      experts.push_back({std::move(fc1[e]), std::move(fc2[e])});
    }
  }
  return experts;
}

absl::StatusOr<LinearWeights> CheckpointLoader::TransposedGate(
    const std::string& tensor) {
  const int in = config_.width;
  const int out = config_.moe.num_experts;
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<float> transposed,
                          source_.Take(tensor, {in, out}));
  LinearWeights gate = WithoutValues(in, out);
  gate.bias.assign(out, 0.0f);
  gate.weight.resize(transposed.size());
  for (int i = 0; i < in; ++i) {
    for (int o = 0; o < out; ++o) {
      gate.weight[int64_t{o} * in + i] = transposed[int64_t{i} * out + o];
    }
  }
  return gate;
}

absl::StatusOr<LinearWeights> CheckpointLoader::Gate(const std::string& name) {
  if (source_.Has(name + ".gate.weight")) {
    return Linear(name + ".gate", config_.width, config_.moe.num_experts,
                  /*has_bias=*/source_.Has(name + ".gate.bias"));
  }
  if (source_.Has(name + ".w_gate")) return TransposedGate(name + ".w_gate");
  const std::vector<std::string> tasks =
      source_.Matching(name + ".", ".w_gate");
  if (tasks.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        name, " has one gate for each of ", tasks.size(), " tasks (",
        absl::StrJoin(tasks, ", "), "); export a checkpoint with one gate"));
  }
  // Without any gate, the missing tensor's usual name makes the error.
  return TransposedGate(tasks.empty() ? name + ".w_gate" : tasks[0]);
}

absl::StatusOr<BlockWeights> CheckpointLoader::Block(int index) {
  const std::string name = absl::StrCat("blocks.", index);
  const int width = config_.width;
  BlockWeights block;
  MOEVIT_ASSIGN_OR_RETURN(block.norm1, LayerNorm(name + ".norm1"));
  MOEVIT_ASSIGN_OR_RETURN(block.qkv, Linear(name + ".attn.qkv", width,
                                            3 * width, config_.qkv_bias));
  MOEVIT_ASSIGN_OR_RETURN(block.proj,
                          Linear(name + ".attn.proj", width, width));
  MOEVIT_ASSIGN_OR_RETURN(block.norm2, LayerNorm(name + ".norm2"));
  if (config_.IsSparse(index)) {
    MOEVIT_ASSIGN_OR_RETURN(block.mlps, Experts(name + ".mlp.experts"));
    MOEVIT_ASSIGN_OR_RETURN(block.gate, Gate(name + ".mlp.gate"));
  } else {
    MOEVIT_ASSIGN_OR_RETURN(MlpWeights mlp, DenseMlp(name + ".mlp"));
    block.mlps.push_back(std::move(mlp));
  }
  return block;
}

absl::Status CheckpointLoader::Norms(Checkpoint& checkpoint) {
  if (config_.pooling == Pooling::kMean && source_.Has("fc_norm.weight")) {
    MOEVIT_ASSIGN_OR_RETURN(checkpoint.pooled_norm, LayerNorm("fc_norm"));
  } else {
    MOEVIT_ASSIGN_OR_RETURN(checkpoint.norm, LayerNorm("norm"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> CheckpointLoader::Load() {
  Checkpoint checkpoint;
  checkpoint.config = config_;
  const int width = config_.width;
  MOEVIT_ASSIGN_OR_RETURN(checkpoint.patch_embed, PatchEmbed());
  MOEVIT_ASSIGN_OR_RETURN(checkpoint.prefix_tokens, PrefixTokens());
  MOEVIT_ASSIGN_OR_RETURN(
      checkpoint.positions,
      source_.Take("pos_embed", {1, config_.tokens(), width}));
  for (int i = 0; i < config_.depth; ++i) {
    MOEVIT_ASSIGN_OR_RETURN(BlockWeights block, Block(i));
    checkpoint.blocks.push_back(std::move(block));
  }
  MOEVIT_RETURN_IF_ERROR(Norms(checkpoint));
  MOEVIT_ASSIGN_OR_RETURN(checkpoint.head,
                          Linear("head", width, config_.num_classes));
  if (config_.distilled) {
    MOEVIT_ASSIGN_OR_RETURN(checkpoint.distillation_head,
                            Linear("head_dist", width, config_.num_classes));
  }
  MOEVIT_RETURN_IF_ERROR(source_.RefuseUntaken());
  return checkpoint;
}

}  // namespace

absl::StatusOr<Checkpoint> LoadCheckpoint(const std::string& directory) {
  MOEVIT_ASSIGN_OR_RETURN(const ModelConfig config, LoadModelConfig(directory));
  MOEVIT_ASSIGN_OR_RETURN(
      const SafetensorsReader reader,
      SafetensorsReader::Open(directory + "/model.safetensors"));
  MOEVIT_ASSIGN_OR_RETURN(TensorSource source, TensorSource::Create(&reader));
  return CheckpointLoader(config, std::move(source)).Load();
}

}  // namespace moevit
