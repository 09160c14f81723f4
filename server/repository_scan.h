// What is in a model repository: <root>/<model>/<version>/.

#ifndef MOEVIT_SERVER_REPOSITORY_SCAN_H_
#define MOEVIT_SERVER_REPOSITORY_SCAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace moevit {

struct RepositoryEntry {
  std::string model;
  int64_t version = 0;
  std::string directory;
  // Whether it may be read, or what is wrong with it.
  absl::Status readable = absl::OkStatus();
};

// Lists the versions in the repository at `root`, by model name, then by
// version. Files, hidden directories, and version directories that are not
// positive decimal numbers are passed over, as in other model servers. Versions
// with links that lead nowhere or out of the repository are not readable.
//
// Returns kNotFound when there is no such directory, kFailedPrecondition when
// the name of a model with versions cannot be served, and kPermissionDenied or
// kInternal when it cannot be read.
absl::StatusOr<std::vector<RepositoryEntry>> ScanRepository(
    const std::string& root);

}  // namespace moevit

#endif  // MOEVIT_SERVER_REPOSITORY_SCAN_H_
