// Writes the text form of a ModelConfig, in this project's own fields.

#include "base/json.h"
#include "model/config.h"
#include "model/config_names.h"

namespace moevit {

std::string ModelConfigToJson(const ModelConfig& config) {
  const MoeConfig& moe = config.moe;
  const PreprocessingConfig& preprocessing = config.preprocessing;
  nlohmann::ordered_json json = {
      {"architecture", config.name},
      {"image_size", config.image_size},
      {"patch_size", config.patch_size},
      {"channels", config.channels},
      {"width", config.width},
      {"depth", config.depth},
      {"heads", config.heads},
      {"mlp_width", config.mlp_width},
      {"num_classes", config.num_classes},
      {"class_token", config.class_token},
      {"distilled", config.distilled},
      {"qkv_bias", config.qkv_bias},
      {"pooling", NameOf(kPoolings, config.pooling)},
      {"activation", NameOf(kActivations, config.activation)},
      {"layer_norm_epsilon", config.layer_norm_epsilon},
      {"num_experts", moe.num_experts}};
  if (moe.num_experts > 0) {
    json["moe_blocks"] = moe.blocks;
    json["top_k"] = moe.top_k;
    json["expert_width"] = moe.hidden_width;
    json["gate"]["order"] = NameOf(kGateOrders, moe.gate_order);
  }
  json["preprocessing"] = {
      {"resize", NameOf(kResizeModes, preprocessing.resize)},
      {"interpolation", NameOf(kInterpolations, preprocessing.interpolation)},
      {"crop_fraction", preprocessing.crop_fraction},
      {"mean", preprocessing.mean},
      {"std", preprocessing.std},
      {"fast_decode", preprocessing.fast_decode}};
  if (!config.class_names.empty()) json["class_names"] = config.class_names;
  return json.dump(/*indent=*/2, /*indent_char=*/' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace) +
         "\n";
}

}  // namespace moevit
