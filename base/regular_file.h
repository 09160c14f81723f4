// A regular file opened for reading: owns the descriptor, knows the size.

#ifndef MOEVIT_BASE_REGULAR_FILE_H_
#define MOEVIT_BASE_REGULAR_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace moevit {

class RegularFile {
 public:
  // Returns the error of the failed system call (kNotFound for a missing
  // file), or kInvalidArgument for a directory, pipe or device. Never blocks
  // on a pipe without a writer.
  static absl::StatusOr<RegularFile> Open(const std::string& path);

  RegularFile(RegularFile&& other) noexcept;
  RegularFile& operator=(RegularFile&&) = delete;
  ~RegularFile();

  // Copies the content, size() bytes from the start, to `destination`; to be
  // called once. Returns the error of the failed system call, or kDataLoss for
  // a file that shrank meanwhile; `path` is for the message.
  absl::Status ReadAll(char* destination, const std::string& path) const;

  int descriptor() const { return descriptor_; }
  size_t size() const { return size_; }  // in bytes, when it was opened

 private:
  explicit RegularFile(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;  // -1 after a move
  size_t size_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_BASE_REGULAR_FILE_H_
