#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/regular_file.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

absl::Status WriteAll(int descriptor, absl::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, "write failed");
    content.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(descriptor) != 0) return absl::ErrnoToStatus(errno, "fsync failed");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     size_t max_bytes) {
  MOEVIT_ASSIGN_OR_RETURN(const RegularFile file, RegularFile::Open(path));
  if (file.size() > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path, " has ", file.size(), " bytes; at most ", max_bytes,
                     " are admitted"));
  }
  std::string content(file.size(), '\0');
  MOEVIT_RETURN_IF_ERROR(file.ReadAll(content.data(), path));
  return content;
}

absl::Status WriteFile(const std::string& path, absl::string_view content) {
  const int descriptor =
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot create ", path));
  }
  absl::Status status = WriteAll(descriptor, content);
  if (close(descriptor) != 0 && status.ok()) {
    status = absl::ErrnoToStatus(errno, "close failed");
  }
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat("cannot write ", path, ": ",
                                                  status.message()));
}

}  // namespace moevit
