// What this process runs on and what it takes of it, for reports.

#ifndef MOEVIT_BASE_MACHINE_H_
#define MOEVIT_BASE_MACHINE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace moevit {

// The processor as its maker names it; "unknown" where the system does not say.
std::string ProcessorName();

// Exposed for tests: the name in the text of a /proc/cpuinfo.
std::string ProcessorName(absl::string_view cpuinfo);

// The most memory that this process has had in RAM at any time.
int64_t PeakResidentBytes();

// The memory that it has in RAM now; 0 where the system does not say.
int64_t ResidentBytes();

// The processor time that it has used, in all of its threads.
absl::Duration ProcessorTime();

}  // namespace moevit

#endif  // MOEVIT_BASE_MACHINE_H_
