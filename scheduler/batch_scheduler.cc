#include "scheduler/batch_scheduler.h"

#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"

namespace moevit {

absl::Status BatchSchedulerOptions::Validate() const {
  if (devices.empty()) {
    return absl::InvalidArgumentError("there must be at least 1 device");
  }
  std::set<std::string> names;
  for (const DeviceOptions& device : devices) {
    if (device.lanes < 1) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "device '%s' must execute at least 1 batch at a time, not %d",
          device.name, device.lanes));
    }
    if (!names.insert(device.name).second) {
      return absl::InvalidArgumentError(
          absl::StrFormat("device '%s' is there twice", device.name));
    }
  }
  return absl::OkStatus();
}

BatchScheduler::BatchScheduler(const BatchSchedulerOptions& options,
                               Clock* clock)
    : options_(options), clock_(clock), dispatcher_(options.dispatcher) {
  MutexLock lock(&mutex_);
  for (const DeviceOptions& device : options_.devices) {
    dispatcher_.AddDevice(device);
    auto& lanes = lanes_.emplace_back();
    for (int i = 0; i < device.lanes; ++i) {
      Lane* lane = lanes.emplace_back(std::make_unique<Lane>()).get();
      threads_.emplace_back([this, lane] { RunLane(lane); });
    }
  }
  threads_.emplace_back([this] { RunTimer(); });
}

BatchScheduler::~BatchScheduler() {
  Drain(absl::InfinitePast());
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    timer_changed_.SignalAll();
    for (auto& lanes : lanes_) {
      for (auto& lane : lanes) lane->changed.SignalAll();
    }
  }
  for (std::thread& thread : threads_) thread.join();
}

absl::StatusOr<ModelId> BatchScheduler::AddModel(
    ScheduledModelOptions options) {
  auto model = std::make_shared<Model>();
  std::vector<bool> runs_on;
  bool runs_everywhere = true;
  for (size_t device = 0; device < options_.devices.size(); ++device) {
    auto& executors = model->executors.emplace_back();
    for (int lane = 0; lane < options_.devices[device].lanes; ++lane) {
      MOEVIT_ASSIGN_OR_RETURN(
          auto executor, options.new_executor(static_cast<DeviceId>(device)));
      executors.push_back(std::move(executor));
    }
    runs_on.push_back(executors.front() != nullptr);
    runs_everywhere = runs_everywhere && runs_on.back();
  }
  if (runs_everywhere) runs_on.clear();
  options.new_executor = nullptr;
  model->options = std::move(options);
  const ModelId id = AddToDispatcher(std::move(model), std::move(runs_on));
  TellServing();
  return id;
}

ModelId BatchScheduler::AddToDispatcher(std::shared_ptr<const Model> model,
                                        std::vector<bool> runs_on) {
  MutexLock lock(&mutex_);
  const ModelId id = dispatcher_.AddModel(
      model->options.batching, model->options.weight, std::move(runs_on));
  if (id == static_cast<ModelId>(models_.size())) models_.emplace_back();
  models_[id] = std::move(model);
  // Devices that failed while there was no model to probe them with.
  StartWork(clock_->Now());
  return id;
}

void BatchScheduler::RemoveModel(ModelId model) {
  std::shared_ptr<const Model> removed;  // outlives the lock
  MutexLock lock(&mutex_);
  dispatcher_.RemoveModel(model);
  removed = std::move(models_[model]);
}

void BatchScheduler::Submit(ModelId model, ImageTask task) {
  absl::Status accepted;
  {
    MutexLock lock(&mutex_);
    accepted = Accept(model, task);
    if (accepted.ok()) return;
  }
  task.place.Release();
  std::move(task.done)(std::move(accepted));
}

// Leaves `task` alone unless it returns OK.
absl::Status BatchScheduler::Accept(ModelId model, ImageTask& task) {
  const int64_t pixel_bytes = models_[model]->options.shape.pixel_bytes;
  if (draining_) return absl::UnavailableError("the server is shutting down");
  if (static_cast<int64_t>(task.pixels.size()) != pixel_bytes) {
    return absl::InvalidArgumentError(
        absl::StrFormat("an image of the model has %d bytes, not %d",
                        pixel_bytes, task.pixels.size()));
  }
  const absl::Time now = clock_->Now();
  MOEVIT_RETURN_IF_ERROR(dispatcher_.Push(model, std::move(task), now));
  StartWork(now);
  return absl::OkStatus();
}

void BatchScheduler::RemoveCancelled() {
  MutexLock lock(&mutex_);
  timer_wake_time_ = absl::InfinitePast();
  timer_changed_.Signal();
}

bool BatchScheduler::Drain(absl::Time deadline) {
  std::vector<ImageTask> left;
  {
    MutexLock lock(&mutex_);
    draining_ = true;
    while (!Idle() && clock_->Now() < deadline) {
      clock_->WaitUntil(&mutex_, &became_idle_, deadline);
    }
    if (Idle()) return true;
    left = dispatcher_.Close();
  }
  for (ImageTask& task : left) {
    task.place.Release();
    std::move(task.done)(absl::UnavailableError(
        "the server shut down before the image's turn came"));
  }
  return false;
}

std::vector<DeviceSnapshot> BatchScheduler::devices() const {
  MutexLock lock(&mutex_);
  const absl::Time now = clock_->Now();
  std::vector<DeviceSnapshot> snapshots;
  snapshots.reserve(dispatcher_.pool().size());
  for (DeviceId device = 0; device < dispatcher_.pool().size(); ++device) {
    snapshots.push_back(dispatcher_.pool().snapshot(device, now));
  }
  return snapshots;
}

bool BatchScheduler::Idle() const {
  return active_ == 0 && dispatcher_.waiting() == 0;
}

// Hands what is due to the lanes, and sees to it that the timer looks again in
// time for the rest.
void BatchScheduler::StartWork(absl::Time now) {
  while (std::optional<Dispatch> dispatch = dispatcher_.Next(now)) {
    Lane& lane = *lanes_[dispatch->device][dispatch->lane];
    lane.model = models_[dispatch->model];
    lane.work = std::move(dispatch);
    lane.changed.Signal();
    ++active_;
  }
  if (dispatcher_.NextEventTime(now) < timer_wake_time_) {
    timer_changed_.Signal();
  }
}

void BatchScheduler::FinishWork() {
  --active_;
  if (Idle()) became_idle_.SignalAll();
}

void BatchScheduler::RunLane(Lane* lane) {
  while (true) {
    std::optional<Dispatch> work;
    std::shared_ptr<const Model> model;
    {
      MutexLock lock(&mutex_);
      while (!lane->work.has_value() && !stopping_) {
        lane->changed.Wait(&mutex_);
      }
      if (!lane->work.has_value()) return;
      work = std::exchange(lane->work, std::nullopt);
      model = std::move(lane->model);
    }
    Execute(*work, *model);
  }
}

void BatchScheduler::Execute(Dispatch& dispatch, const Model& model) {
  Executor& executor = *model.executors[dispatch.device][dispatch.lane];
  const std::string& name = options_.devices[dispatch.device].name;
  std::vector<ImageResult> results;
  BatchReport report;
  if (dispatch.probe) {
    report.status = ProbeExecutor(executor, model.options.shape);
  } else {
    report = ExecuteBatch(executor, model.options.shape, *clock_,
                          dispatch.tasks, results);
    report.device = name;
    report.predicted = dispatch.predicted;
    report.duration = clock_->Now() - dispatch.start;
    // Before the answers, so that who has its answer finds it in the metrics.
    if (model.options.on_batch) model.options.on_batch(report);
  }
  std::vector<DeadTask> failed = FinishDispatch(dispatch, report);
  TellServing();
  AnswerDead(failed);
  for (size_t i = 0; i < dispatch.tasks.size(); ++i) {
    results[i].device = name;
    std::move(dispatch.tasks[i].done)(std::move(results[i]));
  }
  dispatch.tasks.clear();
  MutexLock lock(&mutex_);
  FinishWork();
}

// Returns the images that have failed for good.
std::vector<DeadTask> BatchScheduler::FinishDispatch(
    Dispatch& dispatch, const BatchReport& report) {
  std::vector<DeadTask> failed;
  bool served = false;
  bool serves = false;
  {
    MutexLock lock(&mutex_);
    const DeviceState& state = dispatcher_.pool().states()[dispatch.device];
    const absl::Time now = clock_->Now();
    served = state.serving;
    failed = dispatcher_.Finish(dispatch, report.status, now);
    serves = state.serving;
    StartWork(now);
  }
  if (served != serves && options_.on_device_change) {
    options_.on_device_change(options_.devices[dispatch.device].name,
                              report.status);
  }
  return failed;
}

void BatchScheduler::RunTimer() {
  MutexLock lock(&mutex_);
  while (!stopping_) {
    const absl::Time now = clock_->Now();
    std::vector<DeadTask> dead = dispatcher_.TakeDead(now);
    StartWork(now);
    if (!dead.empty()) {
      ++active_;
      mutex_.Unlock();
      AnswerDead(dead);
      mutex_.Lock();
      FinishWork();
      continue;
    }
    const absl::Time next = dispatcher_.NextEventTime(now);
    if (next <= now) continue;
    timer_wake_time_ = next;
    clock_->WaitUntil(&mutex_, &timer_changed_, next);
    timer_wake_time_ = absl::InfinitePast();
  }
}

void BatchScheduler::AnswerDead(std::vector<DeadTask>& dead) {
  for (DeadTask& entry : dead) {
    entry.task.place.Release();
    std::move(entry.task.done)(std::move(entry.reason));
  }
  dead.clear();
}

void BatchScheduler::TellServing() {
  MutexLock telling(&serving_mutex_);
  bool serving = false;
  {
    MutexLock lock(&mutex_);
    serving = dispatcher_.AnyDeviceServes();
  }
  if (serving == told_serving_) return;
  told_serving_ = serving;
  if (options_.on_serving_change) options_.on_serving_change(serving);
}

}  // namespace moevit
