// Writes what the server's own work is measured with: a model of 224x224 pixels
// that does next to nothing, and a JPEG file of that size.
//
//   write_noop_model MODEL_DIRECTORY FILE.jpg

#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "bench/jpeg_picture.h"
#include "program/quantized_model.h"
#include "program/random_program.h"

namespace moevit {
namespace {

constexpr int kImageSize = 224;

// An embedding and a head, of the fewest channels. It still reads each pixel.
QuantizedModel NoopModel() {
  RandomProgramOptions options;
  options.image_size = kImageSize;
  options.patch_size = kImageSize / 2;
  options.width = 8;
  options.heads = 1;
  options.depth = 0;
  options.experts = 0;
  options.classes = 2;
  QuantizedModel model;
  model.program = RandomProgram(options);
  ModelConfig& config = model.config;
  config.name = "noop";
  config.image_size = options.image_size;
  config.patch_size = options.patch_size;
  config.channels = options.channels;
  config.width = options.width;
  config.depth = 1;  // a model has blocks, its program need not
  config.heads = options.heads;
  config.mlp_width = options.mlp_width;
  config.num_classes = options.classes;
  return model;
}

absl::Status Write(const std::string& model, const std::string& image) {
  MOEVIT_RETURN_IF_ERROR(SaveQuantizedModel(NoopModel(), model));
  return WriteFile(image, JpegPicture(kImageSize, kImageSize));
}

}  // namespace
}  // namespace moevit

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: write_noop_model MODEL_DIRECTORY FILE.jpg\n";
    return 2;
  }
  const absl::Status status = moevit::Write(argv[1], argv[2]);
  if (!status.ok()) {
    std::cerr << "write_noop_model: " << status << "\n";
    return 1;
  }
  return 0;
}
