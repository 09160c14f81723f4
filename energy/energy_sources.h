// Which sensors a server asks: what its operator chose, and what there is.

#ifndef MOEVIT_ENERGY_ENERGY_SOURCES_H_
#define MOEVIT_ENERGY_ENERGY_SOURCES_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "energy/energy_sensor.h"
#include "energy/power_model.h"

namespace moevit {

// A chip of the kernel's hardware monitoring and the device it measures.
struct HwmonChip {
  std::string chip;
  std::string device;
};

struct EnergyOptions {
  bool rapl = true;
  bool hwmon = true;
  bool xrt = true;

  // Chips to look for. Default: that of AMD's processors, and the power meter
  // of machines whose firmware has one. A card's own chip is found by the
  // card's PCIe address.
  std::vector<HwmonChip> chips = {{"amd_energy", "cpu"},
                                  {"power_meter", "host"}};

  // Formulas, for devices without a sensor. Default: none.
  std::vector<PowerModel> models;

  // What file names begin with. Default: nothing, the machine's own files.
  std::string root;
};

// A device of the server, as far as sensors care.
struct MeteredDevice {
  enum class Kind { kProcessor, kCard, kEmulatedCard };

  std::string name;
  Kind kind = Kind::kProcessor;
  std::string pci_address = {};  // of a card
  // The watts that a card's driver gives; for cards only.
  std::function<absl::StatusOr<double>()> watts = {};
};

// Sets which of "rapl", "hwmon" and "xrt" are used. `text` lists some of them,
// separated by commas, or is "auto" for all or "none". Returns
// kInvalidArgument naming what is none of them.
absl::Status ParseEnergySensors(absl::string_view text, EnergyOptions* options);

// Reads "CHIP=DEVICE,..." . Returns kInvalidArgument naming what is not of
// this form.
absl::StatusOr<std::vector<HwmonChip>> ParseHwmonChips(absl::string_view text);

// The sensors of `devices`. Those of the processor and of the cards are there
// even if they cannot be read, which is then told by their reports; chips are
// there if the machine has them.
std::vector<EnergySource> FindEnergySources(
    const EnergyOptions& options, const std::vector<MeteredDevice>& devices);

}  // namespace moevit

#endif  // MOEVIT_ENERGY_ENERGY_SOURCES_H_
