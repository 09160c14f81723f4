// Programs of well-known shapes with random weights, for measurements without a
// trained model: throughput does not depend on what the weights are.

#ifndef MOEVIT_PROGRAM_SYNTHETIC_PROGRAM_H_
#define MOEVIT_PROGRAM_SYNTHETIC_PROGRAM_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "program/program.h"
#include "program/random_program.h"

namespace moevit {

// The names that SyntheticProgram knows:
//   deit_t, deit_s, deit_b   DeiT/16 at 224 pixels, 1000 classes
//   m3vit_t, m3vit_s         the same with 16 experts of half the hidden width,
//                            two per token, in every other block: as many
//                            multiplications per image, apart from the gates
//   tiny                     32 pixels, six blocks of width 192, every other
//                            one with 8 experts: about the bundled model
std::vector<absl::string_view> SyntheticProgramNames();

// kInvalidArgument, listing the names, for any other name.
absl::StatusOr<RandomProgramOptions> SyntheticShape(absl::string_view name);

// RandomProgram(*SyntheticShape(name)).
absl::StatusOr<Program> SyntheticProgram(absl::string_view name);

}  // namespace moevit

#endif  // MOEVIT_PROGRAM_SYNTHETIC_PROGRAM_H_
