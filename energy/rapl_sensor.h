// The energy of the processor's packages, as it counts it itself (RAPL), read
// from /sys/class/powercap.
//
// Only top-level package domains are counted. Cores and graphics are inside
// of them, "psys" is around them, and the memory-mapped interface shows the
// same packages once more. Memory (dram) is not part of a package and not
// counted.

#ifndef MOEVIT_ENERGY_RAPL_SENSOR_H_
#define MOEVIT_ENERGY_RAPL_SENSOR_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "energy/energy_counter.h"
#include "energy/energy_sensor.h"

namespace moevit {

// Looks for the domains again whenever they are not there.
class RaplSensor final : public EnergySensor {
 public:
  // root: of the file system, "" for the machine's own
  explicit RaplSensor(std::string root) : root_(std::move(root)) {}

  // Joules of all packages together. A kPermissionDenied says what to do:
  // since CVE-2020-8694 only root may read the counters.
  absl::StatusOr<SensorReading> Read(double utilisation) override;

 private:
  struct Package {
    std::string path;
    EnergyCounter counter;
  };

  absl::Status FindPackages();

  const std::string root_;
  std::vector<Package> packages_;
  int64_t microjoules_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_ENERGY_RAPL_SENSOR_H_
