// What a simulation found.

#ifndef MOEVIT_SCHEDULER_SIMULATION_SIMULATION_REPORT_H_
#define MOEVIT_SCHEDULER_SIMULATION_SIMULATION_REPORT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "scheduler/simulation/simulated_executor.h"

namespace moevit {

// What became of images. Every image that arrived is in one of them.
struct ImageCounts {
  int64_t in_time = 0;   // answered
  int64_t late = 0;      // answered after its deadline
  int64_t expired = 0;   // left the queue because of its deadline
  int64_t refused = 0;   // on arrival: it could not be answered in time
  int64_t rejected = 0;  // on arrival: the queue was full
  int64_t failed = 0;    // no device could answer it

  int64_t answered() const { return in_time + late; }
  int64_t missed() const { return late + expired + refused; }
  int64_t all() const {
    return in_time + late + expired + refused + rejected + failed;
  }
};

// From arrival to answer.
struct LatencySummary {
  absl::Duration mean;
  absl::Duration p50;
  absl::Duration p90;
  absl::Duration p99;
  absl::Duration p999;
  absl::Duration max;
};

// Of answered images; all zero without any.
LatencySummary Summarize(std::vector<double> seconds);

struct RequestsReport {
  std::string name;
  ImageCounts images = {};
  LatencySummary latency = {};
};

struct DeviceReport {
  std::string name;
  int64_t batches = 0;  // executed with success
  int64_t images = 0;
  int64_t failures = 0;
  absl::Duration busy = {};  // of all lanes together
  int lanes = 1;
};

struct SimulationReport {
  absl::Duration time;  // from the beginning to the last answer
  ImageCounts images = {};
  LatencySummary latency = {};
  double offered_per_second = 0;   // images that arrived
  double answered_per_second = 0;  // images that were answered
  double mean_in_system = 0;       // images that wait or are executed
  std::vector<RequestsReport> requests;
  std::vector<DeviceReport> devices;
  std::map<int, int64_t> batches;  // by size: how many were executed
  std::vector<double> latencies;   // of all answered, ascending, in seconds

  ExpertTotals experts;  // layers is 0 for a model without

  // The busiest device's time over the mean; 1 for one device.
  double DeviceImbalance() const;
  // The busiest device of a sparse layer over the mean, in the mean over
  // layers and batches: with the first placement, and after planning again on
  // measured loads. 1 where there were none.
  double FirstExpertImbalance() const;
  double ExpertImbalance() const;
  double MeanBatch() const;
  // Loaded onto devices, per image executed.
  double WeightBytesPerImage() const;
  double WeightLoadsPerImage() const;
  // Uses of weights that were there already.
  double WeightHitRatio() const;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_SIMULATION_SIMULATION_REPORT_H_
