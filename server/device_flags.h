// The devices that an operator names on the command line.

#ifndef MOEVIT_SERVER_DEVICE_FLAGS_H_
#define MOEVIT_SERVER_DEVICE_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace moevit {

struct DeviceSpec {
  enum class Kind { kCpu, kXrt, kEmulated, kCards };

  Kind kind = Kind::kCpu;
  // What it is called in metrics, answers and logs: "cpu",
  // "xrt:0000:3b:00.1", "emulated:0", "cards".
  std::string name = "cpu";
  // The PCIe address of a card, for example "0000:3b:00.1"; else empty.
  std::string bdf = {};
  // Which of the emulated cards it is, from 0.
  int index = 0;
  // Batches that it executes side by side, if it is a card.
  int lanes = 1;
  // For kCards: those that execute a batch together.
  std::vector<DeviceSpec> cards = {};
};

// Reads a comma-separated list of
//   cpu
//   xrt:BDF     a card by its PCIe address, [domain:]bus:device.function; the
//               prefix may be left out behind another card
//   emulated:N  N emulated cards
//   auto        the cards of this machine, which are `cards`, and the cpu
// Returns kInvalidArgument naming what is not one of these or is there twice.
absl::StatusOr<std::vector<DeviceSpec>> ParseDevices(
    absl::string_view text, const std::vector<std::string>& cards);

// `devices` and, if there are cards among them, all of these once more as one
// device, "cards".
std::vector<DeviceSpec> WithSharedCards(std::vector<DeviceSpec> devices);

}  // namespace moevit

#endif  // MOEVIT_SERVER_DEVICE_FLAGS_H_
