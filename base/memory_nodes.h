// The machine's memory nodes (NUMA), as far as this process runs on them.

#ifndef MOEVIT_BASE_MEMORY_NODES_H_
#define MOEVIT_BASE_MEMORY_NODES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace moevit {

// The processors of the affinity mask, by the node they belong to. Empty where
// that cannot be told. Reads a few small files.
std::vector<std::vector<int>> ProcessorsByMemoryNode();

// The two below are parts of it, exposed for tests.

// The processors in the kernel's form of a list, "0-3,8"; empty for text of
// another form.
std::vector<int> ProcessorsInList(absl::string_view list);

// Those of `processors` that belong to each of the nodes under `root`, as in
// /sys/devices/system/node; nodes without any are left out.
std::vector<std::vector<int>> ProcessorsByMemoryNode(
    const std::string& root, absl::Span<const int> processors);

}  // namespace moevit

#endif  // MOEVIT_BASE_MEMORY_NODES_H_
