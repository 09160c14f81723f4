#include "program/synthetic_program.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

// A DeiT/16 with heads of 64 channels; sparse if it has experts.
RandomProgramOptions Deit(int heads, int experts) {
  RandomProgramOptions options;
  options.image_size = 224;
  options.patch_size = 16;
  options.width = 64 * heads;
  options.heads = heads;
  options.depth = 12;
  options.mlp_width = 4 * options.width;
  options.experts = experts;
  options.expert_width = options.mlp_width / options.top_k;
  options.classes = 1000;
  return options;
}

RandomProgramOptions Tiny() {
  RandomProgramOptions options;
  options.image_size = 32;
  options.patch_size = 4;
  options.width = 192;
  options.heads = 3;
  options.depth = 6;
  options.mlp_width = 768;
  options.experts = 8;
  options.expert_width = 384;
  options.classes = 10;
  return options;
}

struct Shape {
  absl::string_view name;
  RandomProgramOptions options;
};

std::vector<Shape> Shapes() {
  return {{"deit_t", Deit(/*heads=*/3, /*experts=*/0)},
          {"deit_s", Deit(/*heads=*/6, /*experts=*/0)},
          {"deit_b", Deit(/*heads=*/12, /*experts=*/0)},
          {"m3vit_t", Deit(/*heads=*/3, /*experts=*/16)},
          {"m3vit_s", Deit(/*heads=*/6, /*experts=*/16)},
          {"tiny", Tiny()}};
}

}  // namespace

std::vector<absl::string_view> SyntheticProgramNames() {
  std::vector<absl::string_view> names;
  for (const Shape& shape : Shapes()) names.push_back(shape.name);
  return names;
}

absl::StatusOr<RandomProgramOptions> SyntheticShape(absl::string_view name) {
  for (const Shape& shape : Shapes()) {
    if (shape.name == name) return shape.options;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is none of ",
                   absl::StrJoin(SyntheticProgramNames(), ", ")));
}

absl::StatusOr<Program> SyntheticProgram(absl::string_view name) {
  MOEVIT_ASSIGN_OR_RETURN(const RandomProgramOptions shape,
                          SyntheticShape(name));
  return RandomProgram(shape);
}

}  // namespace moevit
