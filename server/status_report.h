// What /status.json says of a running server.

#ifndef MOEVIT_SERVER_STATUS_REPORT_H_
#define MOEVIT_SERVER_STATUS_REPORT_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/build_info.h"
#include "energy/energy_meter.h"
#include "scheduler/device_pool.h"
#include "scheduler/queue_budget.h"
#include "server/model_registry.h"

namespace moevit {

struct StatusReport {
  BuildInfo build;
  absl::Time start;
  absl::Time now;
  QueueBudget::Usage queue;
  QueueLimits queue_limits;
  int requests_in_flight = 0;
  std::vector<ModelRegistry::ModelPointer> models;
  std::vector<DeviceSnapshot> devices;
  std::vector<EnergyReport> energy;
};

// One JSON object. Counts and sums are since the start; a reader gets rates
// from two documents. Text that is not UTF-8 has replacement characters.
std::string StatusJson(const StatusReport& report);

}  // namespace moevit

#endif  // MOEVIT_SERVER_STATUS_REPORT_H_
