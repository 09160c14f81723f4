#include "tests/server/random_model.h"

#include <string>

#include "program/random_program.h"

namespace moevit {

QuantizedModel RandomModel() {
  const RandomProgramOptions options;
  QuantizedModel model;
  model.program = RandomProgram(options);
  ModelConfig& config = model.config;
  config.name = "random";
  config.image_size = options.image_size;
  config.patch_size = options.patch_size;
  config.channels = options.channels;
  config.width = options.width;
  config.depth = options.depth;
  config.heads = options.heads;
  config.mlp_width = options.mlp_width;
  config.num_classes = options.classes;
  config.moe.blocks = {1};
  config.moe.num_experts = options.experts;
  config.moe.top_k = options.top_k;
  config.moe.hidden_width = options.expert_width;
  for (int i = 0; i < options.classes; ++i) {
    config.class_names.push_back("class " + std::to_string(i));
  }
  return model;
}

}  // namespace moevit
