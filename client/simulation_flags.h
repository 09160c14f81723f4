// How devices and requests of a simulation are written on a command line:
//
//   NAME[*NUMBER][:FIELD=VALUE]...
//
// for example "card*4:launch=200us:image=1.5ms:memory=64M".

#ifndef MOEVIT_CLIENT_SIMULATION_FLAGS_H_
#define MOEVIT_CLIENT_SIMULATION_FLAGS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "scheduler/simulation/simulation_options.h"

namespace moevit {

// Devices; NUMBER is how many there are of one kind, which are then called
// NAME0, NAME1, ... Errors name the flag and what was written.
absl::StatusOr<std::vector<SimulatedDevice>> ParseSimulatedDevices(
    const std::vector<std::string>& texts);

// Requests; NUMBER is their weight.
absl::StatusOr<std::vector<SimulatedRequests>> ParseSimulatedRequests(
    const std::vector<std::string>& texts);

// Bytes: a number that may end in K, M or G, of 1024 each.
absl::StatusOr<int64_t> ParseByteSize(absl::string_view text);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_SIMULATION_FLAGS_H_
