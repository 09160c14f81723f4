// The instruction sets the CPU executor has kernels for, and which of them the
// processor of this machine has.

#ifndef MOEVIT_KERNELS_CPU_ISA_H_
#define MOEVIT_KERNELS_CPU_ISA_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace moevit {

// In ascending order of speed.
enum class Isa {
  kPortable,    // any processor
  kAvx2,        // x86-64 since 2013
  kAvx512Vnni,  // x86-64 with AVX-512 VNNI and VBMI: Ice Lake, Zen 4 and later
};

// "portable", "avx2" or "avx512vnni".
absl::string_view IsaName(Isa isa);

// kInvalidArgument, listing the names, for any other text;
// kFailedPrecondition when this processor does not have it.
absl::StatusOr<Isa> ParseIsa(absl::string_view name);

// Whether the processor and the operating system support it.
bool IsaAvailable(Isa isa);

// All that are available, kPortable first.
std::vector<Isa> AvailableIsas();

// The one named by the environment variable MOEVIT_ISA, or the fastest
// available when the variable is not set. Errors: as ParseIsa.
absl::StatusOr<Isa> DefaultIsa();

// `wanted`; without it DefaultIsa(), or the fastest available where that fails.
Isa ChooseIsa(std::optional<Isa> wanted);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CPU_ISA_H_
