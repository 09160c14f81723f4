// A file's content in memory, read-only, for as long as the object lives:
// mapped, which costs nothing, or a copy, which nobody can change.
//
// Safe to read from any number of threads.

#ifndef MOEVIT_BASE_MAPPED_FILE_H_
#define MOEVIT_BASE_MAPPED_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace moevit {

class MappedFile {
 public:
  // Maps the whole of the regular file at `path`; an empty file gives empty
  // bytes. Returns the error of the failed system call (kNotFound for a
  // missing file), or kInvalidArgument for anything but a regular file. The
  // file must not be truncated while it is mapped: reading past its new end
  // would kill the process.
  static absl::StatusOr<MappedFile> Open(const std::string& path);

  // The same, copied into memory of its own. Besides, returns kDataLoss for a
  // file that shrank meanwhile.
  static absl::StatusOr<MappedFile> Copy(const std::string& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  // The content; valid until this object is destroyed. Moving the object
  // leaves the bytes where they are.
  absl::string_view bytes() const {
    return absl::string_view(static_cast<const char*>(data_), size_);
  }

  // Says that `part`, which lies in bytes(), will hardly be read again: its
  // memory is given back, and reading it after all takes it from the file once
  // more. Does nothing to a copy.
  void Forget(absl::string_view part) const;

 private:
  MappedFile(void* data, size_t size, bool is_copy)
      : data_(data), size_(size), is_copy_(is_copy) {}

  void* data_;  // null when size_ is 0
  size_t size_;
  bool is_copy_;
};

}  // namespace moevit

#endif  // MOEVIT_BASE_MAPPED_FILE_H_
