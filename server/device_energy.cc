#include "server/device_energy.h"

#include <utility>

namespace moevit {
namespace {

MeteredDevice::Kind KindOf(DeviceSpec::Kind kind) {
  switch (kind) {
    case DeviceSpec::Kind::kCpu:
      return MeteredDevice::Kind::kProcessor;
    case DeviceSpec::Kind::kXrt:
      return MeteredDevice::Kind::kCard;
    case DeviceSpec::Kind::kEmulated:
      return MeteredDevice::Kind::kEmulatedCard;
    case DeviceSpec::Kind::kCards:
      break;  // is metered card by card
  }
  return MeteredDevice::Kind::kProcessor;
}

}  // namespace

std::vector<EnergySource> EnergySourcesOf(
    const EnergyOptions& options, const std::vector<DeviceSpec>& devices,
    const std::shared_ptr<CardDevices>& cards) {
  std::vector<MeteredDevice> metered;
  for (const DeviceSpec& spec : devices) {
    MeteredDevice device;
    device.name = spec.name;
    device.kind = KindOf(spec.kind);
    device.pci_address = spec.bdf;
    device.watts = [cards, name = spec.name] {
      return cards->PowerWatts(name);
    };
    metered.push_back(std::move(device));
  }
  return FindEnergySources(options, metered);
}

std::map<std::string, DeviceUse> DeviceUses(
    const std::vector<DeviceSnapshot>& devices, const ModelRegistry& models,
    const std::vector<DeviceSpec>& specs) {
  std::map<ModelId, std::string> names;
  for (const auto& model : models.All()) names[model->queue] = model->name;
  std::map<std::string, DeviceUse> uses;
  for (const DeviceSnapshot& device : devices) {
    DeviceUse& use = uses[device.name];
    use.lanes = device.lanes;
    for (const auto& [model, busy] : device.model_busy) {
      const auto name = names.find(model);
      if (name != names.end()) use.busy[name->second] += busy;
    }
  }
  for (const DeviceSpec& spec : specs) {
    for (const DeviceSpec& card : spec.cards) {
      for (const auto& [model, busy] : uses[spec.name].busy) {
        uses[card.name].busy[model] += busy;
      }
    }
  }
  return uses;
}

}  // namespace moevit
