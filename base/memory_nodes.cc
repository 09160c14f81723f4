#include "base/memory_nodes.h"

#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace moevit {
namespace {

constexpr int kMaxProcessor = 1 << 20;

// "3" or "3-5".
bool AppendRange(absl::string_view range, std::vector<int>& processors) {
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(range, absl::MaxSplits('-', 1));
  int first = 0;
  int last = 0;
  if (!absl::SimpleAtoi(ends.first, &first)) return false;
  if (!absl::StrContains(range, '-')) {
    last = first;
  } else if (!absl::SimpleAtoi(ends.second, &last)) {
    return false;
  }
  if (first < 0 || last < first || last > kMaxProcessor) return false;
  for (int p = first; p <= last; ++p) processors.push_back(p);
  return true;
}

std::vector<int> AffinityMask() {
  std::vector<int> processors;
  cpu_set_t mask;
  if (sched_getaffinity(/*pid=*/0, sizeof(mask), &mask) != 0) return processors;
  for (int p = 0; p < CPU_SETSIZE; ++p) {
    if (CPU_ISSET(p, &mask)) processors.push_back(p);
  }
  return processors;
}

}  // namespace

int UsedMemoryNodes() {
  return std::max(1,
                  CountMemoryNodes("/sys/devices/system/node", AffinityMask()));
}

std::vector<int> ProcessorsInList(absl::string_view list) {
  std::vector<int> processors;
  for (const absl::string_view range :
       absl::StrSplit(absl::StripAsciiWhitespace(list), ',')) {
    if (!AppendRange(range, processors)) return {};
  }
  return processors;
}

int CountMemoryNodes(const std::string& root,
                     const std::vector<int>& processors) {
  int nodes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
    std::ifstream file(entry.path() / "cpulist");
    std::string list;
    std::getline(file, list);
    const std::vector<int> of_node = ProcessorsInList(list);
    nodes += std::any_of(of_node.begin(), of_node.end(), [&](int processor) {
      return std::find(processors.begin(), processors.end(), processor) !=
             processors.end();
    });
  }
  return nodes;
}

}  // namespace moevit
