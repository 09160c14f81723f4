// Reads the energy sensors once per second, on a thread of its own: a sensor
// may block, and nothing else must wait for it.

#ifndef MOEVIT_SERVER_ENERGY_MONITOR_H_
#define MOEVIT_SERVER_ENERGY_MONITOR_H_

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "energy/energy_meter.h"
#include "energy/energy_sensor.h"
#include "scheduler/clock.h"

namespace moevit {

// Thread safe.
class EnergyMonitor {
 public:
  // By name of the device.
  using UseReader = std::function<std::map<std::string, DeviceUse>()>;

  // Calls `use` on its thread. `clock` must outlive this.
  EnergyMonitor(std::vector<EnergySource> sources, UseReader use,
                EnergyMeter::Warn warn, Clock* clock);
  ~EnergyMonitor();

  EnergyMonitor(const EnergyMonitor&) = delete;
  EnergyMonitor& operator=(const EnergyMonitor&) = delete;

  // One for each source. A sensor whose reading is older than 5 s, because it
  // blocks, is not up.
  std::vector<EnergyReport> reports() const;

 private:
  void Run();
  void SampleAll();
  void WarnOnce(const absl::Status& failure);

  const UseReader use_;
  const EnergyMeter::Warn warn_;
  Clock* const clock_;
  std::vector<EnergyMeter> meters_;  // for the thread only
  bool warned_ = false;              // likewise

  mutable Mutex mutex_;
  CondVar stopped_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<EnergyReport> reports_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_ENERGY_MONITOR_H_
