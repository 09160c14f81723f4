#include "kernels/card/xrt_location.h"

#include <link.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace moevit {
namespace {

namespace fs = std::filesystem;

constexpr char kVariable[] = "XILINX_XRT";

// The directory of the XRT that this program is linked with.
fs::path XrtLibraries() {
  fs::path directory;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* found) {
        const fs::path library = info->dlpi_name;
        if (library.filename().string().starts_with("libxrt_coreutil.so")) {
          *static_cast<fs::path*>(found) = library.parent_path();
        }
        return 0;
      },
      &directory);
  return directory;
}

bool HasXrt(const fs::path& root) {
  std::error_code error;
  return root.is_absolute() &&
         fs::exists(root / "lib" / "libxrt_core.so.2", error);
}

}  // namespace

void LocateXrt() {
  if (std::getenv(kVariable) != nullptr) return;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  // Debian's libraries are in no directory "lib": to them, a link is built and
  // installed with this program.
  for (const fs::path& root :
       {XrtLibraries().parent_path(),
        program.parent_path().parent_path() / "lib" / "moevit" / "xrt"}) {
    if (!HasXrt(root)) continue;
    setenv(kVariable, root.c_str(), /*overwrite=*/0);
    return;
  }
}

}  // namespace moevit
