// Turns one sensor's readings into joules, watts and each model's part of
// them, and tells when the sensor is not to be believed.
//
// It has no thread and no clock.

#ifndef MOEVIT_ENERGY_ENERGY_METER_H_
#define MOEVIT_ENERGY_ENERGY_METER_H_

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "energy/energy_sensor.h"

namespace moevit {

// What a device has done since the server started.
struct DeviceUse {
  int lanes = 1;  // batches that it can execute side by side
  // By model: how long its batches ran, summed over the lanes.
  std::map<std::string, absl::Duration> busy;
};

// What is known of one sensor.
struct EnergyReport {
  std::string device;
  std::string source;

  // Whether it gave a plausible reading when last asked. If not, nothing but
  // `sampled` means anything.
  bool up = false;
  absl::Time sampled = absl::InfinitePast();  // the last plausible reading

  double joules = 0;            // since the first reading
  std::optional<double> watts;  // over the last interval; a counter's first
                                // reading has none
  std::map<std::string, double> model_joules;  // the parts of the models
};

// Thread-compatible.
class EnergyMeter {
 public:
  using Warn = std::function<void(absl::string_view)>;

  // `warn` gets at most one warning of each kind, however often the sensor
  // fails.
  EnergyMeter(EnergySource source, Warn warn);

  // Asks the sensor. Readings of power that are further apart than 5 s are not
  // integrated: nothing is known about the time between them. A counter that
  // stands still for 5 s while its device is busy is frozen, hence not `up`,
  // until it moves again.
  //
  // An interval's energy is divided among the models by the time that each
  // used the device; what is left while no model uses it belongs to none.
  void Sample(absl::Time now, const DeviceUse& use);

  const EnergyReport& report() const { return report_; }

 private:
  struct Last {
    absl::Time time;
    SensorReading reading;
    DeviceUse use;
  };

  // By model, since the last reading; and their sum.
  std::map<std::string, absl::Duration> BusySince(const DeviceUse& use) const;
  double Utilisation(absl::Time now, const DeviceUse& use) const;

  void Add(absl::Time now, const SensorReading& reading, const DeviceUse& use);
  double JoulesOfInterval(absl::Duration interval,
                          const SensorReading& reading) const;
  bool IsFrozen(double joules, absl::Duration interval, bool busy);
  void Attribute(double joules, absl::Duration interval, const DeviceUse& use);
  void WarnOnce(bool* warned, absl::string_view message);

  EnergySource source_;
  Warn warn_;
  EnergyReport report_;
  std::optional<Last> last_;
  absl::Duration still_;  // a counter that did not move, the device busy
  bool warned_of_error_ = false;
  bool warned_of_freeze_ = false;
};

}  // namespace moevit

#endif  // MOEVIT_ENERGY_ENERGY_METER_H_
