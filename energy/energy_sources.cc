#include "energy/energy_sources.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "energy/hwmon_sensor.h"
#include "energy/rapl_sensor.h"

namespace moevit {
namespace {

// The power that a card's driver gives.
class DriverSensor final : public EnergySensor {
 public:
  explicit DriverSensor(std::function<absl::StatusOr<double>()> watts)
      : watts_(std::move(watts)) {}

  absl::StatusOr<SensorReading> Read(double /*utilisation*/) override {
    MOEVIT_ASSIGN_OR_RETURN(const double watts, watts_());
    if (watts > 0) return SensorReading{SensorReading::Kind::kWatts, watts};
    return absl::UnavailableError(
        absl::StrFormat("the driver says %g W", watts));
  }

 private:
  const std::function<absl::StatusOr<double>()> watts_;
};

// Adds the chip unless the machine has none.
void AddChip(const std::string& device, const std::string& directory,
             const std::string& chip, std::vector<EnergySource>& sources) {
  auto sensor = std::make_unique<HwmonSensor>(directory, chip);
  if (absl::IsNotFound(sensor->Read(0).status())) return;
  sources.push_back({device, "hwmon", std::move(sensor)});
}

void AddCard(const EnergyOptions& options, const MeteredDevice& card,
             std::vector<EnergySource>& sources) {
  const bool emulated = card.kind == MeteredDevice::Kind::kEmulatedCard;
  if (options.xrt) {
    sources.push_back({card.name, emulated ? "emulated" : "xrt",
                       std::make_unique<DriverSensor>(card.watts)});
  }
  if (options.hwmon && !emulated) {
    AddChip(card.name,
            absl::StrCat(options.root, "/sys/bus/pci/devices/",
                         card.pci_address, "/hwmon"),
            /*chip=*/"", sources);
  }
}

}  // namespace

absl::Status ParseEnergySensors(absl::string_view text,
                                EnergyOptions* options) {
  options->rapl = options->hwmon = options->xrt = text == "auto";
  if (text == "auto" || text == "none") return absl::OkStatus();
  for (const absl::string_view name : absl::StrSplit(text, ',')) {
    if (name == "rapl") {
      options->rapl = true;
    } else if (name == "hwmon") {
      options->hwmon = true;
    } else if (name == "xrt") {
      options->xrt = true;
    } else {
      return absl::InvalidArgumentError(absl::StrFormat(
          "energy_sensors has '%s', it must be auto, none, or some of rapl, "
          "hwmon and xrt",
          name));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<HwmonChip>> ParseHwmonChips(absl::string_view text) {
  std::vector<HwmonChip> chips;
  for (const absl::string_view entry :
       absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    const std::vector<std::string> parts = absl::StrSplit(entry, '=');
    if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "energy_hwmon has '%s', it must be CHIP=DEVICE, such as "
          "power_meter=host",
          entry));
    }
    chips.push_back({parts[0], parts[1]});
  }
  return chips;
}

std::vector<EnergySource> FindEnergySources(
    const EnergyOptions& options, const std::vector<MeteredDevice>& devices) {
  std::vector<EnergySource> sources;
  for (const MeteredDevice& device : devices) {
    if (device.kind != MeteredDevice::Kind::kProcessor) {
      AddCard(options, device, sources);
    } else if (options.rapl) {
      sources.push_back(
          {device.name, "rapl", std::make_unique<RaplSensor>(options.root)});
    }
  }
  if (options.hwmon) {
    for (const HwmonChip& chip : options.chips) {
      AddChip(chip.device, options.root + "/sys/class/hwmon", chip.chip,
              sources);
    }
  }
  for (const PowerModel& model : options.models) {
    sources.push_back(
        {model.device, "model", std::make_unique<PowerModelSensor>(model)});
  }
  return sources;
}

}  // namespace moevit
