// Writes a small model with random weights to the directory given: a model
// that the real server can serve, for tests that start it as a program.

#include <iostream>
#include <string>

#include "program/quantized_model.h"
#include "program/random_program.h"

namespace moevit {
namespace {

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

}  // namespace
}  // namespace moevit

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: write_test_model DIRECTORY\n";
    return 2;
  }
  const absl::Status status =
      moevit::SaveQuantizedModel(moevit::RandomModel(), argv[1]);
  if (!status.ok()) {
    std::cerr << status << "\n";
    return 1;
  }
  return 0;
}
