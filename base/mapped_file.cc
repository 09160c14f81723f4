#include "base/mapped_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/regular_file.h"
#include "base/status_macros.h"

namespace moevit {

absl::StatusOr<MappedFile> MappedFile::Open(const std::string& path) {
  MOEVIT_ASSIGN_OR_RETURN(RegularFile file, RegularFile::Open(path));
  if (file.size() == 0) return MappedFile(nullptr, 0, /*is_copy=*/false);
  // The mapping outlives the descriptor.
  void* const data = mmap(nullptr, file.size(), PROT_READ, MAP_PRIVATE,
                          file.descriptor(), /*offset=*/0);
  if (data == MAP_FAILED) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot map ", path));
  }
  return MappedFile(data, file.size(), /*is_copy=*/false);
}

absl::StatusOr<MappedFile> MappedFile::Copy(const std::string& path) {
  MOEVIT_ASSIGN_OR_RETURN(const RegularFile file, RegularFile::Open(path));
  if (file.size() == 0) return MappedFile(nullptr, 0, /*is_copy=*/true);
  void* const data = mmap(nullptr, file.size(), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, /*fd=*/-1, /*offset=*/0);
  if (data == MAP_FAILED) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("no memory for ", file.size(), " bytes of ", path));
  }
  MappedFile copy(data, file.size(), /*is_copy=*/true);
  MOEVIT_RETURN_IF_ERROR(file.ReadAll(static_cast<char*>(data), path));
  mprotect(data, file.size(), PROT_READ);
  return copy;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      is_copy_(other.is_copy_) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(is_copy_, other.is_copy_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(data_, size_);
}

void MappedFile::Forget(absl::string_view part) const {
  if (part.empty() || is_copy_) return;
  // Whole pages only: those at the ends may hold parts of something else.
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t first = part.data() - static_cast<const char*>(data_);
  const size_t begin = (first + page - 1) / page * page;
  const size_t end = (first + part.size()) / page * page;
  if (begin >= end) return;
  madvise(static_cast<char*>(data_) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace moevit
