#include "kernels/card/emulated_cards.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

namespace fs = std::filesystem;

constexpr char kLibrary[] = "libmoevit_emulated_card.so";
constexpr char kImage[] = "moevit_card_image.xclbin";
constexpr char kCardsVariable[] = "MOEVIT_EMULATED_CARDS";
constexpr char kPreloadVariable[] = "LD_PRELOAD";

// A function of kernels/emulation/control.h; null when the library is not
// loaded.
template <typename Function>
Function* Control(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

absl::StatusOr<fs::path> Program() {
  std::error_code error;
  fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) return program;
  return absl::InternalError(absl::StrCat("/proc/self/exe: ", error.message()));
}

// A file that is built and installed in "../lib/moevit" of the program.
absl::StatusOr<fs::path> Find(const char* name) {
  MOEVIT_ASSIGN_OR_RETURN(const fs::path program, Program());
  const fs::path file =
      program.parent_path().parent_path() / "lib" / "moevit" / name;
  std::error_code error;
  if (fs::exists(file, error)) return file;
  return absl::NotFoundError(absl::StrCat(
      "emulated cards need ", file.string(),
      ", which is not there; builds without XRT (MOEVIT_WITH_XRT) have none"));
}

// The file of a sanitizer's runtime, which has to come before any other
// library; empty when this is no such build.
std::string SanitizerRuntime() {
  for (const char* name : {"__asan_init", "__tsan_init"}) {
    void* const function = dlsym(RTLD_DEFAULT, name);
    Dl_info info;
    if (function != nullptr && dladdr(function, &info) != 0) {
      return info.dli_fname;
    }
  }
  return "";
}

absl::Status StartAgain(int cards, char** argv) {
  MOEVIT_ASSIGN_OR_RETURN(const fs::path library, Find(kLibrary));
  MOEVIT_ASSIGN_OR_RETURN(const fs::path program, Program());
  const char* const preloaded = std::getenv(kPreloadVariable);
  const std::string preload =
      absl::StrCat(SanitizerRuntime(), " ", library.string(), " ",
                   preloaded == nullptr ? "" : preloaded);
  setenv(kPreloadVariable, preload.c_str(), /*overwrite=*/1);
  setenv(kCardsVariable, absl::StrCat(cards).c_str(), /*overwrite=*/1);
  execv(program.c_str(), argv);
  return absl::InternalError(absl::StrCat("starting ", program.string(),
                                          " again: ", std::strerror(errno)));
}

}  // namespace

absl::Status EnsureEmulatedCards(int cards, char** argv) {
  auto* const count = Control<int()>("MoevitEmulatedCards");
  if (count != nullptr && count() == cards) return absl::OkStatus();
  if (count != nullptr && count() > 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "this process has ", count(), " emulated cards, not ", cards));
  }
  if (cards < 1 || cards > 16) {
    return absl::InvalidArgumentError(
        absl::StrCat(cards, " emulated cards: from 1 to 16 are possible"));
  }
  // Once more would not help.
  if (std::getenv(kCardsVariable) != nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(kLibrary, " was not loaded in front of this program"));
  }
  return StartAgain(cards, argv);
}

absl::Status StartEmulatedCards(int cards) {
  auto* const start = Control<int(int)>("MoevitEmulatedCardsStart");
  if (start == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(kLibrary, " is not linked to this program"));
  }
  const int error = start(cards);
  if (error == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      "starting ", cards, " emulated cards: ", std::strerror(error)));
}

absl::StatusOr<std::string> EmulatedCardAddress(int card) {
  char address[32];
  auto* const find =
      Control<int(int, char*, size_t)>("MoevitEmulatedCardAddress");
  if (find == nullptr || find(card, address, sizeof(address)) != 0) {
    return absl::NotFoundError(
        absl::StrCat("this process has no emulated card ", card));
  }
  return std::string(address);
}

absl::StatusOr<std::string> EmulatedCardImage() {
  MOEVIT_ASSIGN_OR_RETURN(const fs::path image, Find(kImage));
  return image.string();
}

}  // namespace moevit
