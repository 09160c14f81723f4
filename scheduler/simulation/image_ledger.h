// Keeps account of every image of a simulation: when it arrived, what became
// of it and how long that took. An inner part of simulation.h.

#ifndef MOEVIT_SCHEDULER_SIMULATION_IMAGE_LEDGER_H_
#define MOEVIT_SCHEDULER_SIMULATION_IMAGE_LEDGER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "scheduler/image_task.h"
#include "scheduler/simulation/simulation_report.h"

namespace moevit {

// Thread-compatible. Must outlive the callbacks that Arrive returned.
class ImageLedger {
 public:
  // The names of all kinds of requests.
  explicit ImageLedger(const std::vector<std::string>& kinds);

  // An image arrives at `*clock` and is in the system until its callback is
  // called, when `*clock` may have gone on: kResourceExhausted means that the
  // queue was full. `clock` must outlive the callback.
  ImageTask::Done Arrive(int kind, absl::Time deadline,
                         const absl::Time* clock);

  // So long is nothing going to happen.
  void AdvanceTime(absl::Duration duration) {
    image_seconds_ +=
        static_cast<double>(in_system_) * absl::ToDoubleSeconds(duration);
  }

  int64_t in_system() const { return in_system_; }

  // Adds images, latencies and rates to `report`, whose time must be known.
  // The latencies of the first `warmup` of the images do not count.
  void Report(double warmup, SimulationReport& report) const;

 private:
  struct Answered {
    int kind = 0;
    int64_t number = 0;  // of the arrival
    double seconds = 0;
  };

  void Leave(const Answered& image, bool in_time, const absl::Status& status);

  std::vector<RequestsReport> requests_;  // names and counts only
  std::vector<Answered> answered_;
  int64_t arrived_ = 0;
  int64_t in_system_ = 0;
  double image_seconds_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_SIMULATION_IMAGE_LEDGER_H_
