// A file without a place on any disk, for libraries that take nothing but a
// path: secrets given to them this way are never written anywhere.

#ifndef MOEVIT_SERVER_MEMORY_FILE_H_
#define MOEVIT_SERVER_MEMORY_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace moevit {

// Thread-compatible; the content may be read through the path at any time.
class MemoryFile {
 public:
  // Returns the error of the failed system call.
  static absl::StatusOr<MemoryFile> Create(absl::string_view content);

  MemoryFile(MemoryFile&& other) noexcept;
  MemoryFile& operator=(MemoryFile&&) = delete;
  ~MemoryFile();

  // Valid in this process and while the object lives. Does not change.
  std::string path() const;

  // Puts `content` in place of what there was, at once: who opens the path
  // finds the old or the new, never a part. On an error the old one stays.
  absl::Status Replace(absl::string_view content);

 private:
  explicit MemoryFile(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;  // -1 after a move
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_MEMORY_FILE_H_
