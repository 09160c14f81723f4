#include "base/cpu_count.h"

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace moevit {
namespace {

// Files of the kernel report a size of 0, so they are read as streams. Empty
// when the file is not there.
std::string ReadKernelFile(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file),
                     std::istreambuf_iterator<char>());
}

void LowerTo(std::optional<int> candidate, std::optional<int>& smallest) {
  if (candidate && (!smallest || *candidate < *smallest)) smallest = candidate;
}

int AffinityCount() {
  cpu_set_t mask;
  if (sched_getaffinity(/*pid=*/0, sizeof(mask), &mask) == 0) {
    return CPU_COUNT(&mask);
  }
  // More processors than the mask can hold.
  return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

std::optional<int> CpuCountFromQuota(absl::string_view cpu_max) {
  const std::vector<absl::string_view> fields =
      absl::StrSplit(cpu_max, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  int64_t quota = 0;
  int64_t period = 0;
  if (fields.size() != 2 || !absl::SimpleAtoi(fields[0], &quota) ||
      !absl::SimpleAtoi(fields[1], &period) || quota <= 0 || period <= 0) {
    return std::nullopt;
  }
  const int64_t count = quota / period + (quota % period != 0 ? 1 : 0);
  return static_cast<int>(std::min<int64_t>(count, 1 << 20));
}

std::optional<int> CpuQuota(absl::string_view membership,
                            const std::string& root) {
  std::optional<int> smallest;
  // Version 1 has the quota and the period in two files.
  LowerTo(CpuCountFromQuota(
              absl::StrCat(ReadKernelFile(root + "/cpu/cpu.cfs_quota_us"), " ",
                           ReadKernelFile(root + "/cpu/cpu.cfs_period_us"))),
          smallest);
  // Version 2: every group from the process's own up to the root limits it.
  for (absl::string_view line : absl::StrSplit(membership, '\n')) {
    if (!absl::ConsumePrefix(&line, "0::")) continue;
    std::string group(absl::StripTrailingAsciiWhitespace(line));
    while (true) {
      LowerTo(CpuCountFromQuota(
                  ReadKernelFile(absl::StrCat(root, group, "/cpu.max"))),
              smallest);
      const size_t slash = group.rfind('/');
      if (slash == std::string::npos) break;
      group.resize(slash);
    }
  }
  return smallest;
}

int AvailableCpuCount() {
  int count = AffinityCount();
  const std::optional<int> quota =
      CpuQuota(ReadKernelFile("/proc/self/cgroup"), "/sys/fs/cgroup");
  if (quota) count = std::min(count, *quota);
  return std::max(count, 1);
}

}  // namespace moevit
