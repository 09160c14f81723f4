// Makes the image of an emulated card out of a platform, a connectivity file
// and a shared object with the kernels (see xclbin_spec.h and kernel_entry.h):
//
//   make_xclbin PLATFORM CONNECTIVITY KERNELS.so IMAGE.xclbin

#include <dlfcn.h>

#include <cstdio>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "kernels/emulation/kernel_entry.h"
#include "kernels/emulation/xclbin_spec.h"
#include "kernels/emulation/xclbin_writer.h"

namespace moevit::emulation {
namespace {

constexpr size_t kMaxTextBytes = size_t{1} << 20;
constexpr size_t kMaxKernelBytes = size_t{256} << 20;

// Asks the kernel itself for its parameters.
absl::Status ReadParameters(void* kernels, KernelSpec* kernel) {
  const auto* entry = static_cast<const MoevitKernelEntry*>(
      dlsym(kernels, absl::StrCat(kKernelEntryPrefix, kernel->name).c_str()));
  if (entry == nullptr || entry->version != kMoevitKernelEntryVersion) {
    return absl::NotFoundError(
        absl::StrCat("kernel ", kernel->name,
                     ": no MOEVIT_EMULATED_KERNEL of this version"));
  }
  for (absl::string_view name : absl::StrSplit(entry->names, ',')) {
    kernel->parameters.push_back(
        {std::string(absl::StripAsciiWhitespace(name)), 0, false});
  }
  if (kernel->parameters.size() != entry->parameters) {
    return absl::InvalidArgumentError(
        absl::StrCat("kernel ", kernel->name, ": ", kernel->parameters.size(),
                     " names of ", entry->parameters, " parameters"));
  }
  for (uint32_t i = 0; i < entry->parameters; ++i) {
    kernel->parameters[i].bytes = entry->parameter[i].bytes;
    kernel->parameters[i].is_pointer = entry->parameter[i].is_pointer != 0;
  }
  return absl::OkStatus();
}

absl::Status Make(const std::string& platform, const std::string& connectivity,
                  const std::string& kernels, const std::string& image) {
  XclbinSpec spec;
  MOEVIT_ASSIGN_OR_RETURN(const std::string platform_text,
                          ReadFile(platform, kMaxTextBytes));
  MOEVIT_RETURN_IF_ERROR(ReadPlatform(platform_text, platform, &spec));
  MOEVIT_ASSIGN_OR_RETURN(const std::string connectivity_text,
                          ReadFile(connectivity, kMaxTextBytes));
  MOEVIT_RETURN_IF_ERROR(
      ReadConnectivity(connectivity_text, connectivity, &spec));
  void* const opened = dlopen(kernels.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) return absl::InvalidArgumentError(dlerror());
  for (KernelSpec& kernel : spec.kernels) {
    MOEVIT_RETURN_IF_ERROR(ReadParameters(opened, &kernel));
  }
  MOEVIT_ASSIGN_OR_RETURN(const std::string bitstream,
                          ReadFile(kernels, kMaxKernelBytes));
  MOEVIT_ASSIGN_OR_RETURN(const std::string container,
                          WriteXclbin(spec, bitstream));
  return WriteFile(image, container);
}

}  // namespace
}  // namespace moevit::emulation

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr,
                 "usage: make_xclbin PLATFORM CONNECTIVITY KERNELS.so IMAGE\n");
    return 2;
  }
  const absl::Status made =
      moevit::emulation::Make(argv[1], argv[2], argv[3], argv[4]);
  if (made.ok()) return 0;
  std::fprintf(stderr, "make_xclbin: %s\n", made.ToString().c_str());
  return 1;
}
