// Writes what servers are measured with: a model of random weights, and a JPEG
// file for it.
//
//   write_random_model SHAPE MODEL_DIRECTORY FILE.jpg
//
// SHAPE is one of SyntheticProgramNames(), or noop: a model of 224x224 pixels
// that does next to nothing.

#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "bench/jpeg_picture.h"
#include "program/quantized_model.h"
#include "program/random_model.h"
#include "program/random_program.h"
#include "program/synthetic_program.h"

namespace moevit {
namespace {

// An embedding and a head, of the fewest channels. It still reads each pixel.
RandomProgramOptions NoopShape() {
  RandomProgramOptions options;
  options.image_size = 224;
  options.patch_size = options.image_size / 2;
  options.width = 8;
  options.heads = 1;
  options.depth = 0;
  options.experts = 0;
  options.classes = 2;
  return options;
}

absl::Status Write(const std::string& shape, const std::string& model,
                   const std::string& image) {
  RandomProgramOptions options = NoopShape();
  if (shape != "noop") {
    MOEVIT_ASSIGN_OR_RETURN(options, SyntheticShape(shape));
  }
  MOEVIT_RETURN_IF_ERROR(SaveQuantizedModel(RandomModel(options), model));
  return WriteFile(image, JpegPicture(options.image_size, options.image_size));
}

}  // namespace
}  // namespace moevit

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: write_random_model SHAPE MODEL_DIRECTORY FILE.jpg\n";
    return 2;
  }
  const absl::Status status = moevit::Write(argv[1], argv[2], argv[3]);
  if (!status.ok()) {
    std::cerr << "write_random_model: " << status << "\n";
    return 1;
  }
  return 0;
}
