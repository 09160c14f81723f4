// Whole-file reading and writing. Functions block on the disk; they are safe
// to call from any thread.

#ifndef MOEVIT_BASE_FILE_H_
#define MOEVIT_BASE_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace moevit {

// The content of the regular file at `path`. Returns kNotFound for a missing
// file, kInvalidArgument for anything but a regular file, kResourceExhausted
// for one of more than `max_bytes` (naming both sizes), kDataLoss for one that
// shrank while it was read.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes);

// Creates or truncates `path` and writes `content`, which is on the disk when
// this returns OK. On an error the file may be there in part: write beside the
// target and rename where readers must never see that.
absl::Status WriteFile(const std::string& path, absl::string_view content);

}  // namespace moevit

#endif  // MOEVIT_BASE_FILE_H_
