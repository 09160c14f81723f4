// Reads the text form of a ModelConfig: this project's fields, and the names
// that timm, Hugging Face and M3ViT give to the same things.

#include <cmath>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "base/json.h"
#include "base/status_macros.h"
#include "model/config.h"
#include "model/config_names.h"

namespace moevit {
namespace {

constexpr size_t kMaxConfigBytes = size_t{8} << 20;
constexpr double kMaxMlpRatio = 64;

// The names of one field; the first is canonical.
using Names = std::initializer_list<absl::string_view>;

// Which of `names` the object has; the canonical one when it has none.
// Refuses two names of a field that disagree.
absl::StatusOr<absl::string_view> ChooseName(const JsonObject& object,
                                             Names names) {
  const absl::string_view* chosen = nullptr;
  for (const absl::string_view& name : names) {
    if (!object.Has(name)) continue;
    if (chosen == nullptr) {
      chosen = &name;
    } else if (object.json()[std::string(*chosen)] !=
               object.json()[std::string(name)]) {
      return object.Error(name,
                          absl::StrCat("the value of \"", *chosen,
                                       "\", another name of the same field"));
    }
  }
  return chosen != nullptr ? *chosen : *names.begin();
}

absl::Status ReadRequired(const JsonObject& object, Names names, int& target) {
  MOEVIT_ASSIGN_OR_RETURN(const absl::string_view name,
                          ChooseName(object, names));
  MOEVIT_ASSIGN_OR_RETURN(target, object.Integer<int>(name));
  return absl::OkStatus();
}

absl::Status ReadOptional(const JsonObject& object, Names names, int& target) {
  MOEVIT_ASSIGN_OR_RETURN(const absl::string_view name,
                          ChooseName(object, names));
  if (!object.Has(name)) return absl::OkStatus();
  MOEVIT_ASSIGN_OR_RETURN(target, object.Integer<int>(name));
  return absl::OkStatus();
}

absl::Status ReadOptional(const JsonObject& object, Names names,
                          double& target) {
  MOEVIT_ASSIGN_OR_RETURN(const absl::string_view name,
                          ChooseName(object, names));
  if (!object.Has(name)) return absl::OkStatus();
  MOEVIT_ASSIGN_OR_RETURN(target, object.Double(name));
  return absl::OkStatus();
}

absl::Status ReadOptional(const JsonObject& object, absl::string_view name,
                          bool& target) {
  if (!object.Has(name)) return absl::OkStatus();
  MOEVIT_ASSIGN_OR_RETURN(target, object.Bool(name));
  return absl::OkStatus();
}

template <typename Table, typename Enum>
absl::Status ReadOptionalEnum(const JsonObject& object, Names names,
                              const Table& table, Enum& target) {
  MOEVIT_ASSIGN_OR_RETURN(const absl::string_view name,
                          ChooseName(object, names));
  if (!object.Has(name)) return absl::OkStatus();
  MOEVIT_ASSIGN_OR_RETURN(const std::string text, object.String(name));
  for (const auto& entry : table) {
    if (entry.name == text) {
      target = entry.value;
      return absl::OkStatus();
    }
  }
  return object.Error(
      name, absl::StrCat("one of ",
                         absl::StrJoin(table, ", ",
                                       [](std::string* out, const auto& entry) {
                                         out->append(std::string(entry.name));
                                       })));
}

// A hidden width given as itself, or as a ratio to the model's width.
absl::Status ReadHiddenWidth(const JsonObject& object, Names names,
                             absl::string_view ratio_name, int width,
                             int& target) {
  MOEVIT_RETURN_IF_ERROR(ReadOptional(object, names, target));
  if (target != 0 || !object.Has(ratio_name)) return absl::OkStatus();
  MOEVIT_ASSIGN_OR_RETURN(const double ratio, object.Double(ratio_name));
  if (!(ratio > 0 && ratio <= kMaxMlpRatio)) {
    return object.Error(ratio_name,
                        absl::StrCat("a ratio in (0, ", kMaxMlpRatio, "]"));
  }
  target = static_cast<int>(width * ratio);
  return absl::OkStatus();
}

absl::Status ReadTransformer(const JsonObject& root, ModelConfig& config) {
  MOEVIT_RETURN_IF_ERROR(
      ReadRequired(root, {"image_size", "img_size"}, config.image_size));
  MOEVIT_RETURN_IF_ERROR(ReadRequired(root, {"patch_size"}, config.patch_size));
  MOEVIT_RETURN_IF_ERROR(ReadOptional(
      root, {"channels", "in_chans", "num_channels"}, config.channels));
  MOEVIT_RETURN_IF_ERROR(
      ReadRequired(root, {"width", "embed_dim", "hidden_size"}, config.width));
  MOEVIT_RETURN_IF_ERROR(
      ReadRequired(root, {"depth", "num_hidden_layers"}, config.depth));
  MOEVIT_RETURN_IF_ERROR(ReadRequired(
      root, {"heads", "num_heads", "num_attention_heads"}, config.heads));
  MOEVIT_RETURN_IF_ERROR(
      ReadHiddenWidth(root, {"mlp_width", "mlp_hidden", "intermediate_size"},
                      "mlp_ratio", config.width, config.mlp_width));
  MOEVIT_RETURN_IF_ERROR(
      ReadRequired(root, {"num_classes"}, config.num_classes));
  MOEVIT_RETURN_IF_ERROR(ReadOptional(root, "class_token", config.class_token));
  MOEVIT_RETURN_IF_ERROR(ReadOptional(root, "distilled", config.distilled));
  MOEVIT_RETURN_IF_ERROR(ReadOptional(root, "qkv_bias", config.qkv_bias));
  MOEVIT_RETURN_IF_ERROR(ReadOptionalEnum(root, {"pooling", "global_pool"},
                                          kPoolings, config.pooling));
  MOEVIT_RETURN_IF_ERROR(ReadOptionalEnum(root, {"activation", "hidden_act"},
                                          kActivations, config.activation));
  return ReadOptional(root, {"layer_norm_epsilon", "layer_norm_eps"},
                      config.layer_norm_epsilon);
}

absl::Status ReadGate(const JsonObject& root, GateOrder& order) {
  if (!root.Has("gate")) return absl::OkStatus();
  MOEVIT_ASSIGN_OR_RETURN(const JsonObject gate, root.Object("gate"));
  // The order itself outranks what the type implies.
  if (gate.Has("order")) {
    return ReadOptionalEnum(gate, {"order"}, kGateOrders, order);
  }
  return ReadOptionalEnum(gate, {"type"}, kGateTypes, order);
}

absl::Status ReadMoe(const JsonObject& root, int width, MoeConfig& moe) {
  MOEVIT_RETURN_IF_ERROR(ReadOptional(root, {"num_experts"}, moe.num_experts));
  MOEVIT_ASSIGN_OR_RETURN(const absl::string_view blocks,
                          ChooseName(root, {"moe_blocks", "moe_layers"}));
  if (root.Has(blocks)) {
    MOEVIT_ASSIGN_OR_RETURN(moe.blocks, root.Integers<int>(blocks));
  }
  if (moe.num_experts == 0) return absl::OkStatus();
  MOEVIT_RETURN_IF_ERROR(ReadRequired(root, {"top_k"}, moe.top_k));
  MOEVIT_RETURN_IF_ERROR(
      ReadHiddenWidth(root, {"expert_width", "expert_hidden"}, "moe_mlp_ratio",
                      width, moe.hidden_width));
  return ReadGate(root, moe.gate_order);
}

absl::Status ReadThree(const JsonObject& object, absl::string_view name,
                       double (&target)[3]) {
  if (!object.Has(name)) return absl::OkStatus();
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<double> values,
                          object.Doubles(name));
  if (values.size() != 3) return object.Error(name, "three numbers");
  absl::c_copy(values, target);
  return absl::OkStatus();
}

// Fields of other tools that only restate what this project assumes.
absl::Status CheckRestatements(const JsonObject& object,
                               const ModelConfig& config) {
  if (object.Has("input_size")) {
    const std::vector<int> expected = {config.channels, config.image_size,
                                       config.image_size};
    MOEVIT_ASSIGN_OR_RETURN(const std::vector<int> size,
                            object.Integers<int>("input_size"));
    if (size != expected) {
      return object.Error(
          "input_size", absl::StrCat("[", absl::StrJoin(expected, ", "), "]"));
    }
  }
  if (object.Has("rescale")) {
    MOEVIT_ASSIGN_OR_RETURN(const double rescale, object.Double("rescale"));
    if (std::abs(rescale * 255 - 1) > 1e-6) {
      return object.Error("rescale", "1/255, the only scale supported");
    }
  }
  return absl::OkStatus();
}

absl::Status ReadPreprocessing(const JsonObject& root, ModelConfig& config) {
  if (!root.Has("preprocessing")) return absl::OkStatus();
  MOEVIT_ASSIGN_OR_RETURN(const JsonObject object,
                          root.Object("preprocessing"));
  PreprocessingConfig& target = config.preprocessing;
  MOEVIT_RETURN_IF_ERROR(ReadOptionalEnum(object, {"resize", "crop_mode"},
                                          kResizeModes, target.resize));
  MOEVIT_RETURN_IF_ERROR(ReadOptionalEnum(
      object, {"interpolation"}, kInterpolations, target.interpolation));
  MOEVIT_RETURN_IF_ERROR(ReadOptional(object, {"crop_fraction", "crop_pct"},
                                      target.crop_fraction));
  MOEVIT_RETURN_IF_ERROR(ReadThree(object, "mean", target.mean));
  MOEVIT_RETURN_IF_ERROR(ReadThree(object, "std", target.std));
  MOEVIT_RETURN_IF_ERROR(
      ReadOptional(object, "fast_decode", target.fast_decode));
  return CheckRestatements(object, config);
}

absl::StatusOr<ModelConfig> ParseNamed(absl::string_view text,
                                       absl::string_view document_name) {
  MOEVIT_ASSIGN_OR_RETURN(const Json document, ParseJson(text, document_name));
  MOEVIT_ASSIGN_OR_RETURN(const JsonObject root,
                          JsonObject::Root(document, document_name));
  ModelConfig config;
  if (root.Has("architecture")) {
    MOEVIT_ASSIGN_OR_RETURN(config.name, root.String("architecture"));
  }
  MOEVIT_RETURN_IF_ERROR(ReadTransformer(root, config));
  MOEVIT_RETURN_IF_ERROR(ReadMoe(root, config.width, config.moe));
  MOEVIT_RETURN_IF_ERROR(ReadPreprocessing(root, config));
  if (root.Has("class_names")) {
    MOEVIT_ASSIGN_OR_RETURN(config.class_names, root.Strings("class_names"));
  }
  if (absl::Status status = ValidateModelConfig(config); !status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat(document_name, ": ", status.message()));
  }
  return config;
}

}  // namespace

absl::StatusOr<ModelConfig> ParseModelConfig(absl::string_view json) {
  return ParseNamed(json, "config.json");
}

absl::StatusOr<ModelConfig> LoadModelConfig(const std::string& directory) {
  const std::string path = directory + "/config.json";
  MOEVIT_ASSIGN_OR_RETURN(const std::string text,
                          ReadFile(path, kMaxConfigBytes));
  return ParseNamed(text, path);
}

}  // namespace moevit
