// Writes a small model with random weights to the directory given: a model
// that the real server can serve, for tests that start it as a program.

#include <iostream>
#include <string>

#include "program/quantized_model.h"
#include "program/random_model.h"

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
