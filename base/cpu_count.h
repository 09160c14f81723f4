// How many processors this process may keep busy.

#ifndef MOEVIT_BASE_CPU_COUNT_H_
#define MOEVIT_BASE_CPU_COUNT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace moevit {

// The processors in the affinity mask, or fewer where a control group
// (version 1 or 2, as a container's CPU limit) grants less time than that; at
// least 1. Reads a few small files on each call.
int AvailableCpuCount();

// The two below are parts of it, exposed for tests.

// The whole CPUs, rounded up, in the content of a version 2 `cpu.max` file
// ("<quota> <period>"); nothing for "max" or text of another form.
std::optional<int> CpuCountFromQuota(absl::string_view cpu_max);

// The smallest quota that applies to a process: `membership` is the content of
// its /proc/<pid>/cgroup, `root` the directory where control groups are
// mounted. Nothing when there is no quota.
std::optional<int> CpuQuota(absl::string_view membership,
                            const std::string& root);

}  // namespace moevit

#endif  // MOEVIT_BASE_CPU_COUNT_H_
