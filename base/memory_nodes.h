// How many of the machine's memory nodes (NUMA) this process runs on.

#ifndef MOEVIT_BASE_MEMORY_NODES_H_
#define MOEVIT_BASE_MEMORY_NODES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace moevit {

// The nodes that have a processor of the affinity mask; 1 where that cannot be
// told. Reads a few small files.
int UsedMemoryNodes();

// The two below are parts of it, exposed for tests.

// The processors in the kernel's form of a list, "0-3,8"; empty for text of
// another form.
std::vector<int> ProcessorsInList(absl::string_view list);

// The nodes under `root`, as in /sys/devices/system/node, that have one of
// `processors`.
int CountMemoryNodes(const std::string& root,
                     const std::vector<int>& processors);

}  // namespace moevit

#endif  // MOEVIT_BASE_MEMORY_NODES_H_
