#include "scheduler/dispatcher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/executor.h"

namespace moevit {
namespace {

template <typename T>
bool Contains(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

template <typename T>
void Append(std::vector<T>&& from, std::vector<T>& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

std::vector<DeadTask> AllDead(std::vector<ImageTask>&& tasks,
                              const absl::Status& reason) {
  std::vector<DeadTask> dead;
  dead.reserve(tasks.size());
  for (ImageTask& task : tasks) dead.push_back({std::move(task), reason});
  tasks.clear();
  return dead;
}

absl::Status OutageError(absl::Duration outage) {
  return absl::UnavailableError(
      absl::StrCat("no device has served for ", absl::FormatDuration(outage)));
}

}  // namespace

DeviceId Dispatcher::AddDevice(const DeviceOptions& options) {
  return pool_.Add(options);
}

ModelId Dispatcher::AddModel(const BatchingOptions& batching, double weight,
                             std::vector<bool> runs_on) {
  for (ModelId id = 0; id < static_cast<ModelId>(uses_.size()); ++id) {
    if (uses_[id].served || uses_[id].batches > 0) continue;
    queues_[id] = std::make_unique<BatchQueue>(batching);
    pool_.ForgetModel(id);
    uses_[id].served = true;
    uses_[id].runs_on = std::move(runs_on);
    shares_.Reset(id, weight);
    return id;
  }
  uses_.emplace_back().runs_on = std::move(runs_on);
  queues_.push_back(std::make_unique<BatchQueue>(batching));
  shares_.Add(weight);
  return static_cast<ModelId>(queues_.size()) - 1;
}

void Dispatcher::RemoveModel(ModelId model) { uses_[model].served = false; }

ModelId Dispatcher::AnyModelOn(DeviceId device) const {
  const auto served =
      std::find_if(uses_.begin(), uses_.end(), [device](const ModelUse& use) {
        return use.served && (use.runs_on.empty() || use.runs_on[device]);
      });
  if (served == uses_.end()) return -1;
  return static_cast<ModelId>(served - uses_.begin());
}

absl::Status Dispatcher::Push(ModelId model, ImageTask&& task, absl::Time now) {
  if (now >= OutageEnd(model)) return OutageError(options_.max_outage);
  BatchQueue& queue = *queues_[model];
  const absl::Span<const DeviceState> devices = DevicesOf(model);
  absl::Status status = queue.CheckDeadline(task, now, devices);
  if (!status.ok()) return status;
  if (queue.size() == 0) shares_.Activate(model);
  queue.Push(std::move(task), now, devices);
  return absl::OkStatus();
}

std::optional<Dispatch> Dispatcher::Next(absl::Time now) {
  std::optional<Dispatch> next = NextProbe(now);
  if (!next.has_value()) next = NextRetry(now);
  if (!next.has_value()) next = NextBatch(now);
  return next;
}

std::optional<Dispatch> Dispatcher::NextProbe(absl::Time now) {
  for (DeviceId device = 0; device < pool_.size(); ++device) {
    if (!pool_.ProbeIsDue(device, now)) continue;
    const ModelId model = AnyModelOn(device);
    if (model < 0) continue;
    Dispatch probe;
    probe.model = model;
    probe.device = device;
    probe.probe = true;
    probe.start = now;
    probe.lane = pool_.StartProbe(device, now);
    return probe;
  }
  return std::nullopt;
}

// A device that did not fail the batch yet if any serves, even if that one is
// busy; else any. -1 if there is none with an idle lane.
DeviceId Dispatcher::DeviceForRetry(const Retry& retry) const {
  DeviceId untried = -1;
  DeviceId tried = -1;
  bool wait_for_untried = false;
  const absl::Span<const DeviceState> devices = DevicesOf(retry.model);
  for (DeviceId device = 0; device < pool_.size(); ++device) {
    if (!devices[device].serving) continue;
    const bool idle = pool_.HasIdleLane(device);
    if (Contains(retry.failed_on, device)) {
      if (idle) tried = device;
    } else if (idle) {
      untried = device;
    } else {
      wait_for_untried = true;
    }
  }
  if (untried >= 0 || wait_for_untried) return untried;
  return tried;
}

std::optional<Dispatch> Dispatcher::NextRetry(absl::Time now) {
  auto next = retries_.Pop(
      [this](const Retry& retry) { return DeviceForRetry(retry); });
  if (!next.has_value()) return std::nullopt;
  auto& [retry, device] = *next;
  Dispatch dispatch;
  dispatch.model = retry.model;
  dispatch.device = device;
  dispatch.tasks = std::move(retry.tasks);
  dispatch.attempt = retry.attempt;
  dispatch.failed_on = std::move(retry.failed_on);
  dispatch.give_up = retry.give_up;
  dispatch.retry = true;
  Start(dispatch, now);
  return dispatch;
}

// The model to serve next, and its batch; none when no batch is due.
std::optional<std::pair<ModelId, PlannedBatch>> Dispatcher::NextDueBatch(
    absl::Time now) const {
  std::optional<std::pair<ModelId, PlannedBatch>> next;
  for (ModelId model = 0; model < static_cast<ModelId>(queues_.size());
       ++model) {
    const auto planned = queues_[model]->NextBatch(now, DevicesOf(model));
    if (!planned.has_value() || planned->start > now) continue;
    if (next.has_value() && !shares_.Before(model, next->first)) continue;
    next = {model, *planned};
  }
  return next;
}

std::optional<Dispatch> Dispatcher::NextBatch(absl::Time now) {
  while (const auto due = NextDueBatch(now)) {
    Dispatch dispatch;
    dispatch.model = due->first;
    dispatch.device = due->second.device;
    dispatch.tasks = queues_[dispatch.model]->TakeBatch(due->second, now);
    MoveDead(dispatch.tasks, now, dead_);
    if (dispatch.tasks.empty()) continue;
    Start(dispatch, now);
    return dispatch;
  }
  return std::nullopt;
}

void Dispatcher::Start(Dispatch& dispatch, absl::Time now) {
  ++uses_[dispatch.model].batches;
  dispatch.start = now;
  dispatch.predicted = queues_[dispatch.model]->PredictBatch(
      dispatch.device, static_cast<int>(dispatch.tasks.size()));
  dispatch.lane = pool_.StartBatch(dispatch.device, dispatch.model, now,
                                   dispatch.predicted, dispatch.retry);
  shares_.Serve(dispatch.model, dispatch.predicted);
}

std::vector<DeadTask> Dispatcher::Finish(Dispatch& dispatch,
                                         const absl::Status& status,
                                         absl::Time now) {
  const absl::Duration duration = now - dispatch.start;
  std::vector<DeadTask> dead;
  if (dispatch.probe) {
    pool_.FinishProbe(dispatch.device, dispatch.lane, status.ok(), now);
  } else {
    --uses_[dispatch.model].batches;
    shares_.Charge(dispatch.model, duration - dispatch.predicted);
    // A batch that failed elsewhere before may be to blame itself.
    const bool fault = IsDeviceFault(status) &&
                       (dispatch.attempt == 1 || IsBatchNotBegun(status));
    pool_.FinishBatch(dispatch.device, dispatch.lane, status.ok(), fault, now);
    if (status.ok()) {
      queues_[dispatch.model]->OnBatchFinished(
          dispatch.device, static_cast<int>(dispatch.tasks.size()), duration);
    } else {
      dead = HandleFailure(dispatch, status, now);
    }
  }
  return dead;
}

std::vector<DeadTask> Dispatcher::HandleFailure(Dispatch& dispatch,
                                                const absl::Status& status,
                                                absl::Time now) {
  std::vector<DeadTask> dead;
  MoveDead(dispatch.tasks, now, dead);
  const bool fault = IsDeviceFault(status);
  Retry retry{.model = dispatch.model,
              .attempt = dispatch.attempt,
              .failed_on = dispatch.failed_on,
              .give_up = dispatch.give_up,
              .tasks = std::exchange(dispatch.tasks, {})};
  if (fault && !closed_ && IsBatchNotBegun(status) && now < retry.give_up) {
    retry.give_up = std::min(retry.give_up, now + options_.max_outage);
    retries_.Push(std::move(retry));
  } else if (fault && !closed_ && retry.attempt < options_.max_attempts) {
    retry.failed_on.push_back(dispatch.device);
    if (retry.attempt++ == 1) {
      retries_.Push(std::move(retry));
    } else {
      retries_.PushDivided(std::move(retry));
    }
  } else if (absl::IsInvalidArgument(status) && !closed_ &&
             retry.tasks.size() > 1) {
    retries_.PushDivided(std::move(retry));
  } else {
    // An image that fails everywhere speaks for the devices.
    if (fault) {
      for (const DeviceId device : retry.failed_on) pool_.Forgive(device);
    }
    Append(AllDead(std::move(retry.tasks), status), dead);
  }
  return dead;
}

std::vector<DeadTask> Dispatcher::TakeDead(absl::Time now) {
  for (ModelId model = 0; model < static_cast<ModelId>(queues_.size());
       ++model) {
    Append(queues_[model]->TakeDead(now, DevicesOf(model)), dead_);
    if (now < OutageEnd(model)) continue;
    Append(AllDead(TakeAll(model), OutageError(options_.max_outage)), dead_);
  }
  retries_.MoveDead(now, dead_);
  return std::exchange(dead_, {});
}

absl::Time Dispatcher::NextProbeTime() const {
  absl::Time next = absl::InfiniteFuture();
  for (DeviceId device = 0; device < pool_.size(); ++device) {
    const absl::Time probe = pool_.NextProbeTime(device);
    if (probe < next && AnyModelOn(device) >= 0) next = probe;
  }
  return next;
}

absl::Time Dispatcher::NextEventTime(absl::Time now) const {
  if (!dead_.empty()) return absl::InfinitePast();
  absl::Time next = NextProbeTime();
  bool leaves_images = false;
  for (ModelId model = 0; model < static_cast<ModelId>(queues_.size());
       ++model) {
    const BatchQueue& queue = *queues_[model];
    if (retries_.Has(model)) {
      next = std::min({next, retries_.NextDeadline(model), OutageEnd(model)});
    }
    if (queue.size() == 0) continue;
    const absl::Span<const DeviceState> devices = DevicesOf(model);
    next = std::min({next, queue.NextExpiry(now, devices), OutageEnd(model)});
    const auto planned = queue.NextBatch(now, devices);
    if (planned.has_value()) {
      next = std::min(next, planned->start);
    } else {
      leaves_images = true;
    }
  }
  // What an idle device left to a faster one is looked at again if that one is
  // late.
  if (leaves_images && pool_.AnyServingIsIdle()) {
    next = std::min(next, pool_.NextExpectedEnd(now));
  }
  return next;
}

std::vector<ImageTask> Dispatcher::Close() {
  closed_ = true;
  std::vector<ImageTask> all;
  for (ModelId model = 0; model < static_cast<ModelId>(queues_.size());
       ++model) {
    Append(TakeAll(model), all);
  }
  return all;
}

std::vector<ImageTask> Dispatcher::TakeAll(ModelId model) {
  std::vector<ImageTask> all = queues_[model]->TakeAll();
  Append(retries_.TakeAll(model), all);
  return all;
}

int Dispatcher::waiting() const {
  int waiting = retries_.images();
  for (const auto& queue : queues_) waiting += queue->size();
  return waiting;
}

bool Dispatcher::AnyDeviceServes() const {
  const auto serves = [this](const ModelUse& use) {
    return pool_.ServedUntil(use.runs_on) == absl::InfiniteFuture();
  };
  bool has_models = false;
  for (const ModelUse& use : uses_) {
    if (!use.served) continue;
    if (serves(use)) return true;
    has_models = true;
  }
  return !has_models && serves(ModelUse());
}

}  // namespace moevit
