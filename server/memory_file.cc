#include "server/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace moevit {

absl::StatusOr<MemoryFile> MemoryFile::Create(absl::string_view content) {
  MemoryFile file(memfd_create("moevit", MFD_CLOEXEC));
  if (file.descriptor_ < 0) {
    return absl::ErrnoToStatus(errno, "cannot create a file in memory");
  }
  while (!content.empty()) {
    const ssize_t written =
        write(file.descriptor_, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return absl::ErrnoToStatus(errno, "cannot write a file in memory");
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
  return file;
}

MemoryFile::MemoryFile(MemoryFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

MemoryFile::~MemoryFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::string MemoryFile::path() const {
  return absl::StrCat("/proc/self/fd/", descriptor_);
}

absl::Status MemoryFile::Replace(absl::string_view content) {
  MOEVIT_ASSIGN_OR_RETURN(const MemoryFile next, Create(content));
  // Those who opened the old file go on reading that.
  if (dup3(next.descriptor_, descriptor_, O_CLOEXEC) < 0) {
    return absl::ErrnoToStatus(errno, "cannot replace a file in memory");
  }
  return absl::OkStatus();
}

}  // namespace moevit
