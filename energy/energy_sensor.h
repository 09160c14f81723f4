// What every source of energy readings has in common, be it a counter of the
// processor, a board's power sensor or a formula.

#ifndef MOEVIT_ENERGY_ENERGY_SENSOR_H_
#define MOEVIT_ENERGY_ENERGY_SENSOR_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace moevit {

struct SensorReading {
  enum class Kind {
    kJoules,  // used since the first reading of this sensor
    kWatts,   // drawn now
  };
  Kind kind = Kind::kWatts;
  double value = 0;
};

// Thread-compatible.
class EnergySensor {
 public:
  virtual ~EnergySensor() = default;

  // May block for as long as the kernel or a driver takes.
  //   utilisation  of the device since the last reading, in [0, 1]; for
  //                sensors that measure nothing themselves
  // Returns kNotFound when there is no such sensor, kPermissionDenied when it
  // may not be read, kUnavailable when it says nothing plausible,
  // kFailedPrecondition while its device is not in use yet, which nobody needs
  // to be warned of. Each names what it is about; all may be tried again.
  virtual absl::StatusOr<SensorReading> Read(double utilisation) = 0;
};

// A sensor and what it measures.
struct EnergySource {
  std::string device;  // as in metrics: "cpu", "xrt:0000:3b:00.1", "host"
  std::string source;  // how: "rapl", "hwmon", "xrt", "emulated", "model"
  std::unique_ptr<EnergySensor> sensor;
};

}  // namespace moevit

#endif  // MOEVIT_ENERGY_ENERGY_SENSOR_H_
