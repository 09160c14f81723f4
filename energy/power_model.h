// Watts by a formula, for devices that have no sensor and operators who know
// what theirs draw: idle + (peak - idle) * utilisation. An estimate, never a
// measurement.

#ifndef MOEVIT_ENERGY_POWER_MODEL_H_
#define MOEVIT_ENERGY_POWER_MODEL_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "energy/energy_sensor.h"

namespace moevit {

struct PowerModel {
  std::string device;
  double idle_watts = 0;
  double peak_watts = 0;
};

// Reads "DEVICE=IDLE:PEAK,...", watts, for example "cpu=20:95". Returns
// kInvalidArgument naming what is not of this form, a negative power, a peak
// below idle, or a device that is there twice.
absl::StatusOr<std::vector<PowerModel>> ParsePowerModels(
    absl::string_view text);

class PowerModelSensor final : public EnergySensor {
 public:
  explicit PowerModelSensor(const PowerModel& model) : model_(model) {}

  absl::StatusOr<SensorReading> Read(double utilisation) override {
    return SensorReading{
        SensorReading::Kind::kWatts,
        model_.idle_watts +
            (model_.peak_watts - model_.idle_watts) * utilisation};
  }

 private:
  const PowerModel model_;
};

}  // namespace moevit

#endif  // MOEVIT_ENERGY_POWER_MODEL_H_
