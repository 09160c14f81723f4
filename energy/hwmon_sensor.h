// The energy or power that a chip of the kernel's hardware monitoring (hwmon)
// shows: a whole machine's, a processor's, or a card's.

#ifndef MOEVIT_ENERGY_HWMON_SENSOR_H_
#define MOEVIT_ENERGY_HWMON_SENSOR_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "energy/energy_counter.h"
#include "energy/energy_sensor.h"

namespace moevit {

// Looks for the chip again whenever it is not there: its number changes when
// its driver is loaded again.
class HwmonSensor final : public EnergySensor {
 public:
  // The first chip in `directory` that is called `chip` and shows energy or
  // power; of any name when `chip` is empty.
  HwmonSensor(std::string directory, std::string chip)
      : directory_(std::move(directory)), chip_(std::move(chip)) {}

  // Joules if the chip counts them, else the watts of its first power sensor:
  // the average where it has one. Of a processor's counters, those of whole
  // sockets ("Esocket...") only, for its cores are inside of them.
  absl::StatusOr<SensorReading> Read(double utilisation) override;

 private:
  struct Counter {
    std::string path;
    EnergyCounter counter;
  };

  absl::Status FindChip();
  bool UseChip(const std::string& path);
  absl::StatusOr<SensorReading> ReadCounters();
  absl::StatusOr<SensorReading> ReadPower() const;

  const std::string directory_;
  const std::string chip_;
  // One of these two once the chip was found.
  std::vector<Counter> counters_;
  std::string power_path_;
  double microjoules_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_ENERGY_HWMON_SENSOR_H_
