#include "base/memory_nodes.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/thread_affinity.h"

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

}  // namespace

std::vector<std::vector<int>> ProcessorsByMemoryNode() {
  return ProcessorsByMemoryNode("/sys/devices/system/node",
                                AllowedProcessors());
}

std::vector<int> ProcessorsInList(absl::string_view list) {
  std::vector<int> processors;
  for (const absl::string_view range :
       absl::StrSplit(absl::StripAsciiWhitespace(list), ',')) {
    if (!AppendRange(range, processors)) return {};
  }
  return processors;
}

std::vector<std::vector<int>> ProcessorsByMemoryNode(
    const std::string& root, absl::Span<const int> processors) {
  std::vector<std::vector<int>> nodes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
    std::ifstream file(entry.path() / "cpulist");
    std::string list;
    std::getline(file, list);
    std::vector<int> of_node = ProcessorsInList(list);
    std::erase_if(of_node, [&](int processor) {
      return std::find(processors.begin(), processors.end(), processor) ==
             processors.end();
    });
    if (!of_node.empty()) nodes.push_back(std::move(of_node));
  }
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

}  // namespace moevit
