#include "program/random_model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace moevit {

QuantizedModel RandomModel(const RandomProgramOptions& options) {
  QuantizedModel model;
  model.program = RandomProgram(options);
  ModelConfig& config = model.config;
  config.name = "random";
  config.image_size = options.image_size;
  config.patch_size = options.patch_size;
  config.channels = options.channels;
  config.width = options.width;
  config.depth = std::max(1, options.depth);  // a program needs no blocks
  config.heads = options.heads;
  config.mlp_width = options.mlp_width;
  config.num_classes = options.classes;
  if (options.experts > 0 && options.depth > 1) {
    for (int block = 1; block < options.depth; block += 2) {
      config.moe.blocks.push_back(block);
    }
    config.moe.num_experts = options.experts;
    config.moe.top_k = options.top_k;
    config.moe.hidden_width = options.expert_width;
  }
  for (int i = 0; i < options.classes; ++i) {
    config.class_names.push_back(absl::StrCat("class ", i));
  }
  return model;
}

}  // namespace moevit
