#include "bench/synthetic.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/program/random_program.h"

namespace moevit {

absl::StatusOr<Program> SyntheticProgram(absl::string_view name) {
  const RandomProgramOptions deit_s = {.image_size = 224,
                                       .patch_size = 16,
                                       .width = 384,
                                       .heads = 6,
                                       .depth = 12,
                                       .mlp_width = 1536,
                                       .experts = 0,
                                       .classes = 1000};
  if (name == "deit_s") return RandomProgram(deit_s);
  if (name == "m3vit_s") {
    RandomProgramOptions options = deit_s;
    options.experts = 16;
    options.expert_width = 768;
    return RandomProgram(options);
  }
  if (name == "tiny") {
    return RandomProgram({.image_size = 32,
                          .patch_size = 4,
                          .width = 192,
                          .heads = 3,
                          .depth = 6,
                          .mlp_width = 768,
                          .experts = 8,
                          .expert_width = 384,
                          .classes = 10});
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is none of deit_s, m3vit_s, tiny"));
}

}  // namespace moevit
