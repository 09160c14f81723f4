#include "base/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace moevit {

absl::StatusOr<RegularFile> RegularFile::Open(const std::string& path) {
  RegularFile file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.descriptor_ < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  }
  struct stat info;
  if (fstat(file.descriptor_, &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot inspect ", path));
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is not a regular file"));
  }
  file.size_ = static_cast<size_t>(info.st_size);
  return file;
}

RegularFile::RegularFile(RegularFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

RegularFile::~RegularFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status RegularFile::ReadAll(char* destination,
                                  const std::string& path) const {
  size_t filled = 0;
  while (filled < size_) {
    const ssize_t count =
        read(descriptor_, destination + filled, size_ - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
    }
    if (count == 0) {
      return absl::DataLossError(absl::StrCat(path, " shrank from ", size_,
                                              " to ", filled,
                                              " bytes while it was read"));
    }
    filled += static_cast<size_t>(count);
  }
  return absl::OkStatus();
}

}  // namespace moevit
