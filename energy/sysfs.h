// The kernel's small text files under /sys: one value in each.

#ifndef MOEVIT_ENERGY_SYSFS_H_
#define MOEVIT_ENERGY_SYSFS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace moevit {

// The first line of `path`. Returns kNotFound, kPermissionDenied or
// kUnavailable, naming the path.
absl::StatusOr<std::string> ReadSysfsLine(const std::string& path);

// As ReadSysfsLine, for a whole number that is not negative; anything else is
// kUnavailable.
absl::StatusOr<int64_t> ReadSysfsNumber(const std::string& path);

// The entries of `directory` whose names begin with `prefix`, as paths,
// ascending; none when it cannot be read.
std::vector<std::string> ListSysfs(const std::string& directory,
                                   absl::string_view prefix);

}  // namespace moevit

#endif  // MOEVIT_ENERGY_SYSFS_H_
