#include "scheduler/simulation/simulation.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "scheduler/simulation/image_ledger.h"

namespace moevit {
namespace {

std::vector<std::string> NamesOf(const std::vector<SimulatedRequests>& all) {
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const SimulatedRequests& requests : all) names.push_back(requests.name);
  return names;
}

std::string NameOf(absl::Span<const SimulatedDevice> devices) {
  return devices.size() == 1 ? devices[0].name : "all";
}

// Simulated images have neither client nor model.
QueueLimits ForOneClient(QueueLimits limits) {
  limits.max_client_share = 1;
  limits.max_model_share = 1;
  return limits;
}

class Simulation {
 public:
  Simulation(const SimulationOptions& options, Arrivals* arrivals)
      : options_(options),
        arrivals_(*arrivals),
        random_(options.seed),
        budget_(ForOneClient(options.queue)),
        ledger_(NamesOf(options.requests)),
        dispatcher_(options.dispatcher) {
    std::vector<double> weights;
    for (const SimulatedRequests& requests : options.requests) {
      weights.push_back(requests.weight);
    }
    draw_requests_ =
        std::discrete_distribution<int>(weights.begin(), weights.end());
    for (const auto devices : options.Executors()) AddDevice(devices);
    dispatcher_.AddModel(options.batching);
    DrawArrival();
  }

  absl::StatusOr<SimulationReport> Run() {
    while (next_arrival_.has_value() || ledger_.in_system() > 0) {
      const absl::Time time = NextEvent();
      if (time == absl::InfiniteFuture()) {
        return absl::InternalError(
            absl::StrCat(ledger_.in_system(), " images wait for nothing"));
      }
      ledger_.AdvanceTime(time - now_);
      now_ = time;
      progress_ = false;
      FinishBatches();
      if (next_arrival_ == now_) Arrive();
      AnswerDead(dispatcher_.TakeDead(now_));
      StartBatches();
    }
    return Report();
  }

 private:
  // A batch that is being executed, or a probe.
  struct Running {
    absl::Time end;
    int64_t number;  // of the start: orders what ends at the same time
    std::shared_ptr<Dispatch> dispatch;
    absl::Status status;

    bool operator>(const Running& other) const {
      return std::tie(end, number) > std::tie(other.end, other.number);
    }
  };

  void AddDevice(absl::Span<const SimulatedDevice> devices) {
    const int lanes = devices[0].lanes;
    dispatcher_.AddDevice({.name = NameOf(devices), .lanes = lanes});
    auto& executors = executors_.emplace_back();
    for (int lane = 0; lane < lanes; ++lane) {
      executors.emplace_back(devices, options_.experts, options_.seed,
                             number_of_executors_++);
    }
    report_.devices.push_back({.name = NameOf(devices), .lanes = lanes});
  }

  absl::Time NextEvent() const {
    absl::Time time = absl::InfiniteFuture();
    if (next_arrival_.has_value()) time = *next_arrival_;
    if (!running_.empty()) time = std::min(time, running_.top().end);
    // A wish for the same moment, after nothing was done in it, is not an
    // event: time would stand still.
    const absl::Time wish = dispatcher_.NextEventTime(now_);
    if (wish > now_ || progress_) time = std::min(time, std::max(wish, now_));
    return time;
  }

  void DrawArrival() {
    next_arrival_.reset();
    if (arrived_ == options_.images) return;
    const auto arrival = arrivals_.Next();
    if (!arrival.has_value() || *arrival > options_.duration) return;
    next_arrival_ = absl::UnixEpoch() + *arrival;
  }

  void Arrive() {
    const int kind = draw_requests_(random_);
    const SimulatedRequests& requests = options_.requests[kind];
    ++arrived_;
    progress_ = true;
    DrawArrival();
    ImageTask task;
    task.arrival = now_;
    task.deadline = now_ + requests.deadline;
    task.priority = requests.priority;
    task.done = ledger_.Arrive(kind, task.deadline, &now_);
    absl::Status status = Accept(task);
    if (!status.ok()) std::move(task.done)(std::move(status));
    if (options_.on_progress) options_.on_progress(arrived_);
  }

  // Leaves a task alone that it does not take.
  absl::Status Accept(ImageTask& task) {
    MOEVIT_ASSIGN_OR_RETURN(
        auto claims,
        budget_.Reserve({.client = "", .model = "", .images = 1, .bytes = 0},
                        now_));
    task.place = std::move(claims.places.front());
    return dispatcher_.Push(/*model=*/0, std::move(task), now_);
  }

  void AnswerDead(std::vector<DeadTask> dead) {
    for (DeadTask& one : dead) {
      progress_ = true;
      std::move(one.task.done)(std::move(one.reason));
    }
  }

  void StartBatches() {
    while (auto next = dispatcher_.Next(now_)) {
      progress_ = true;
      auto dispatch = std::make_shared<Dispatch>(*std::move(next));
      for (ImageTask& task : dispatch->tasks) task.place.Release();
      const int images = std::max(static_cast<int>(dispatch->tasks.size()), 1);
      const SimulatedExecutor::Run run =
          executors_[dispatch->device][dispatch->lane].RunBatch(
              images, now_ - absl::UnixEpoch());
      report_.devices[dispatch->device].busy += run.duration;
      running_.push(
          {now_ + run.duration, started_++, std::move(dispatch), run.status});
    }
  }

  void FinishBatches() {
    while (!running_.empty() && running_.top().end <= now_) {
      progress_ = true;
      const Running ended = running_.top();
      running_.pop();
      Dispatch& dispatch = *ended.dispatch;
      CountBatch(dispatch, ended.status);
      AnswerDead(dispatcher_.Finish(dispatch, ended.status, now_));
      for (ImageTask& task : dispatch.tasks) {
        std::move(task.done)(ImageResult());
      }
    }
  }

  void CountBatch(const Dispatch& dispatch, const absl::Status& status) {
    DeviceReport& device = report_.devices[dispatch.device];
    if (!status.ok()) {
      ++device.failures;
    } else if (!dispatch.probe) {
      const int images = static_cast<int>(dispatch.tasks.size());
      ++device.batches;
      device.images += images;
      ++report_.batches[images];
    }
  }

  SimulationReport Report() {
    for (const auto& lanes : executors_) {
      for (const SimulatedExecutor& executor : lanes) {
        report_.experts.Add(executor.totals());
      }
    }
    report_.time = now_ - absl::UnixEpoch();
    ledger_.Report(options_.warmup, report_);
    return std::move(report_);
  }

  const SimulationOptions& options_;
  Arrivals& arrivals_;
  std::mt19937_64 random_;
  std::discrete_distribution<int> draw_requests_;
  QueueBudget budget_;
  ImageLedger ledger_;
  Dispatcher dispatcher_;
  std::vector<std::vector<SimulatedExecutor>> executors_;  // [device][lane]
  uint64_t number_of_executors_ = 0;

  absl::Time now_ = absl::UnixEpoch();
  bool progress_ = true;  // anything was done at now_
  std::optional<absl::Time> next_arrival_;
  int64_t arrived_ = 0;
  int64_t started_ = 0;
  std::priority_queue<Running, std::vector<Running>, std::greater<>> running_;
  SimulationReport report_;
};

}  // namespace

absl::StatusOr<SimulationReport> Simulate(const SimulationOptions& options,
                                          Arrivals& arrivals) {
  MOEVIT_RETURN_IF_ERROR(options.Validate());
  return Simulation(options, &arrivals).Run();
}

}  // namespace moevit
