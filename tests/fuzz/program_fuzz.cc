// A quantized model's program.json, against the weights of the sample model.
// Runs in the root of the repository.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "absl/strings/string_view.h"
#include "model/safetensors_reader.h"
#include "program/program_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const weights = new auto(moevit::SafetensorsReader::Open(
      "models/cifar10-moe-vit/1/weights.safetensors"));
  if (!weights->ok()) {
    std::cerr << weights->status() << "\n";
    std::abort();
  }
  static_cast<void>(moevit::ParseProgram(
      absl::string_view(reinterpret_cast<const char*>(data), size), **weights));
  return 0;
}
