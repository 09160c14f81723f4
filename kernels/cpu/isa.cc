#include "kernels/cpu/isa.h"

#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace moevit {
namespace {

constexpr Isa kAllIsas[] = {Isa::kPortable, Isa::kAvx2, Isa::kAvx512Vnni};

}  // namespace

absl::string_view IsaName(Isa isa) {
  switch (isa) {
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512Vnni:
      return "avx512vnni";
    case Isa::kPortable:
      break;
  }
  return "portable";
}

absl::StatusOr<Isa> ParseIsa(absl::string_view name) {
  for (Isa isa : kAllIsas) {
    if (name != IsaName(isa)) continue;
    if (IsaAvailable(isa)) return isa;
    return absl::FailedPreconditionError(
        absl::StrCat("this processor does not have ", name));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is none of portable, avx2, avx512vnni"));
}

bool IsaAvailable(Isa isa) {
#if defined(__x86_64__)
  // The compiler's run time also asks the operating system for the registers.
  switch (isa) {
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2");
    case Isa::kAvx512Vnni:
      return __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512vbmi") &&
             __builtin_cpu_supports("avx512vnni");
    case Isa::kPortable:
      break;
  }
#endif
  return isa == Isa::kPortable;
}

std::vector<Isa> AvailableIsas() {
  std::vector<Isa> available;
  for (Isa isa : kAllIsas) {
    if (IsaAvailable(isa)) available.push_back(isa);
  }
  return available;
}

absl::StatusOr<Isa> DefaultIsa() {
  const char* const name = std::getenv("MOEVIT_ISA");
  if (name != nullptr) return ParseIsa(name);
  return AvailableIsas().back();
}

Isa ChooseIsa(std::optional<Isa> wanted) {
  if (wanted.has_value()) return *wanted;
  const absl::StatusOr<Isa> isa = DefaultIsa();
  return isa.ok() ? *isa : AvailableIsas().back();
}

}  // namespace moevit
