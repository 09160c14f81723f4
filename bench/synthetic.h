// Programs of well-known shapes with random weights: throughput does not depend
// on what the weights are.

#ifndef MOEVIT_BENCH_SYNTHETIC_H_
#define MOEVIT_BENCH_SYNTHETIC_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "program/program.h"

namespace moevit {

// "deit_s": DeiT-Small/16 at 224 pixels. "m3vit_s": the same with 16 experts of
// hidden width 768, two per token, in every other block. "tiny": 32 pixels, six
// blocks of width 192, every other one with 8 experts. kInvalidArgument for
// other names.
absl::StatusOr<Program> SyntheticProgram(absl::string_view name);

}  // namespace moevit

#endif  // MOEVIT_BENCH_SYNTHETIC_H_
