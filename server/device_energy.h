// Which energy sensors the server's devices have, and which models use them.

#ifndef MOEVIT_SERVER_DEVICE_ENERGY_H_
#define MOEVIT_SERVER_DEVICE_ENERGY_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "energy/energy_meter.h"
#include "energy/energy_sources.h"
#include "scheduler/device_pool.h"
#include "server/card_devices.h"
#include "server/device_flags.h"
#include "server/model_registry.h"

namespace moevit {

// The sensors of `devices`. A card's is asked through `cards`.
std::vector<EnergySource> EnergySourcesOf(
    const EnergyOptions& options, const std::vector<DeviceSpec>& devices,
    const std::shared_ptr<CardDevices>& cards);

// What the devices did, by the names of devices and models; all versions of a
// model together. What cards did together, each of them did.
//   specs  as the scheduler has them
std::map<std::string, DeviceUse> DeviceUses(
    const std::vector<DeviceSnapshot>& devices, const ModelRegistry& models,
    const std::vector<DeviceSpec>& specs);

}  // namespace moevit

#endif  // MOEVIT_SERVER_DEVICE_ENERGY_H_
