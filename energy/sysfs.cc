#include "energy/sysfs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

// An error of the system while `path` was read.
absl::Status SysfsError(const std::string& path, int error) {
  const std::string message = absl::StrFormat(
      "cannot read %s: %s", path, std::generic_category().message(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(message);
    default:
      return absl::UnavailableError(message);
  }
}

}  // namespace

absl::StatusOr<std::string> ReadSysfsLine(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return SysfsError(path, errno);
  char text[256];
  const ssize_t size = read(file, text, sizeof(text));
  const int error = errno;
  close(file);
  if (size < 0) return SysfsError(path, error);
  std::string line(text, size);
  return line.substr(0, line.find('\n'));
}

absl::StatusOr<int64_t> ReadSysfsNumber(const std::string& path) {
  MOEVIT_ASSIGN_OR_RETURN(const std::string line, ReadSysfsLine(path));
  int64_t number = 0;
  if (absl::SimpleAtoi(line, &number) && number >= 0) return number;
  return absl::UnavailableError(
      absl::StrFormat("%s says '%s', which is no number", path, line));
}

std::vector<std::string> ListSysfs(const std::string& directory,
                                   absl::string_view prefix) {
  std::vector<std::string> paths;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator();
       entry.increment(error)) {
    if (absl::StartsWith(entry->path().filename().string(),
                         std::string(prefix))) {
      paths.push_back(entry->path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace moevit
