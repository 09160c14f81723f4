#include "tests/scheduler/batching_simulation.h"

#include <algorithm>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "scheduler/dispatcher.h"

namespace moevit {
namespace {

class Simulation {
 public:
  Simulation(const BatchingOptions& options, const SimulatedDevice& device)
      : device_(device), dispatcher_({}) {
    dispatcher_.AddDevice({});
    dispatcher_.AddModel(options);
  }

  // Lets everything happen that happens before `time`.
  void RunUntil(absl::Time time) {
    while (true) {
      const absl::Time end = running_.has_value()
                                 ? running_->start + Duration(*running_)
                                 : absl::InfiniteFuture();
      const absl::Time next = std::min(end, dispatcher_.NextEventTime(now_));
      if (next >= time) break;
      now_ = std::max(now_, next);
      if (end <= now_) Finish();
      Start();
    }
    now_ = std::max(now_, time);
  }

  void Arrive() {
    ImageTask task;
    task.arrival = now_;
    dispatcher_.Push(/*model=*/0, std::move(task), now_).IgnoreError();
    Start();
  }

  const std::vector<absl::Duration>& latencies() const { return latencies_; }

 private:
  absl::Duration Duration(const Dispatch& dispatch) const {
    return device_.Cost(static_cast<int>(dispatch.tasks.size()));
  }

  void Start() {
    if (!running_.has_value()) running_ = dispatcher_.Next(now_);
  }

  void Finish() {
    dispatcher_.Finish(*running_, absl::OkStatus(), Duration(*running_), now_);
    for (const ImageTask& task : running_->tasks) {
      latencies_.push_back(now_ - task.arrival);
    }
    running_.reset();
  }

  const SimulatedDevice device_;
  Dispatcher dispatcher_;
  absl::Time now_ = absl::UnixEpoch();
  std::optional<Dispatch> running_;
  std::vector<absl::Duration> latencies_;
};

}  // namespace

SimulationResult SimulateBatching(const BatchingOptions& options,
                                  const SimulatedDevice& device, double load,
                                  int images) {
  const int batch = options.max_batch_size;
  const double mean_seconds =
      absl::ToDoubleSeconds(device.Cost(batch)) / batch / load;
  std::mt19937_64 random(1);
  std::exponential_distribution<double> gap(1 / mean_seconds);
  Simulation simulation(options, device);
  absl::Time arrival = absl::UnixEpoch();
  for (int i = 0; i < images; ++i) {
    arrival += absl::Seconds(gap(random));
    simulation.RunUntil(arrival);
    simulation.Arrive();
  }
  // Without the time in which it learned.
  std::vector<absl::Duration> latencies(
      simulation.latencies().begin() + images / 8,
      simulation.latencies().end());
  std::sort(latencies.begin(), latencies.end());
  return {.p50 = latencies[latencies.size() / 2],
          .p99 = latencies[latencies.size() * 99 / 100]};
}

}  // namespace moevit
