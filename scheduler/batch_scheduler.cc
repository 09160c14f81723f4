#include "scheduler/batch_scheduler.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"

namespace moevit {

absl::Status BatchSchedulerOptions::Validate() const {
  if (executor_threads < 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "there must be at least 1 executor thread, not %d", executor_threads));
  }
  return absl::OkStatus();
}

BatchScheduler::BatchScheduler(const BatchSchedulerOptions& options,
                               Clock* clock)
    : options_(options), clock_(clock) {
  threads_.reserve(options_.executor_threads + 1);
  for (int worker = 0; worker < options_.executor_threads; ++worker) {
    threads_.emplace_back([this, worker] { RunWorker(worker); });
  }
  threads_.emplace_back([this] { RunReaper(); });
}

BatchScheduler::~BatchScheduler() {
  Drain(absl::InfinitePast());
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    work_changed_.SignalAll();
    dead_changed_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

BatchScheduler::ModelId BatchScheduler::AddModel(
    ScheduledModelOptions options) {
  auto model = std::make_shared<Model>();
  for (int worker = 0; worker < options_.executor_threads; ++worker) {
    model->executors.push_back(options.new_executor());
  }
  BatchQueue queue(options.batching);
  model->options = std::move(options);
  MutexLock lock(&mutex_);
  const ModelId id = static_cast<ModelId>(entries_.size());
  entries_.emplace(id, Entry{std::move(model), std::move(queue)});
  return id;
}

void BatchScheduler::Submit(ModelId model, ImageTask task) {
  absl::Status refusal;
  {
    MutexLock lock(&mutex_);
    Entry& entry = entries_.at(model);
    const int64_t pixel_bytes = entry.model->options.shape.pixel_bytes;
    if (draining_) {
      refusal = absl::UnavailableError("the server is shutting down");
    } else if (static_cast<int64_t>(task.pixels.size()) != pixel_bytes) {
      refusal = absl::InvalidArgumentError(
          absl::StrFormat("an image of the model has %d bytes, not %d",
                          pixel_bytes, task.pixels.size()));
    } else {
      if (task.deadline < reaper_wake_time_) dead_changed_.Signal();
      entry.queue.Push(std::move(task), clock_->Now());
      work_changed_.Signal();
      return;
    }
  }
  std::move(task.done)(std::move(refusal));
}

void BatchScheduler::RemoveCancelled() {
  MutexLock lock(&mutex_);
  cancellation_pending_ = true;
  dead_changed_.Signal();
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
    for (auto& [id, entry] : entries_) {
      std::vector<ImageTask> tasks = entry.queue.TakeAll();
      std::move(tasks.begin(), tasks.end(), std::back_inserter(left));
    }
  }
  for (ImageTask& task : left) {
    task.place.Release();
    std::move(task.done)(absl::UnavailableError(
        "the server shut down before the image's turn came"));
  }
  return false;
}

bool BatchScheduler::Idle() const {
  return active_ == 0 &&
         std::all_of(entries_.begin(), entries_.end(), [](const auto& entry) {
           return entry.second.queue.size() == 0;
         });
}

void BatchScheduler::RunWorker(int worker) {
  Work work;
  while (WaitForWork(work)) {
    AnswerDead(work.dead);
    if (!work.batch.empty()) Execute(worker, work);
    work = Work();
    FinishWork();
  }
}

void BatchScheduler::RunReaper() {
  std::vector<DeadTask> dead;
  while (WaitForDead(dead)) {
    AnswerDead(dead);
    dead.clear();
    FinishWork();
  }
}

// Returns false when the thread is to end.
bool BatchScheduler::WaitForWork(Work& work) {
  MutexLock lock(&mutex_);
  while (!stopping_) {
    const absl::Time now = clock_->Now();
    absl::Time next = absl::InfiniteFuture();
    for (const auto& [id, entry] : entries_) {
      next = std::min(next, entry.queue.NextBatchTime());
    }
    if (next <= now) {
      work.dead = TakeAllDead(now);
      // Their removal may have left no batch that is due.
      if (Entry* entry = NextDueEntry(now); entry != nullptr) {
        work.model = entry->model;
        work.batch = entry->queue.TakeBatch(now);
        // More may be due than one worker takes.
        work_changed_.Signal();
      }
      if (!work.dead.empty() || !work.batch.empty()) {
        ++active_;
        return true;
      }
      continue;
    }
    clock_->WaitUntil(&mutex_, &work_changed_, next);
  }
  return false;
}

// Returns false when the thread is to end.
bool BatchScheduler::WaitForDead(std::vector<DeadTask>& dead) {
  MutexLock lock(&mutex_);
  while (!stopping_) {
    absl::Time next = absl::InfiniteFuture();
    for (const auto& [id, entry] : entries_) {
      next = std::min(next, entry.queue.NextExpiry());
    }
    const absl::Time now = clock_->Now();
    if (cancellation_pending_ || next <= now) {
      cancellation_pending_ = false;
      dead = TakeAllDead(now);
      if (dead.empty()) continue;
      ++active_;
      return true;
    }
    reaper_wake_time_ = next;
    clock_->WaitUntil(&mutex_, &dead_changed_, next);
    reaper_wake_time_ = absl::InfinitePast();
  }
  return false;
}

BatchScheduler::Entry* BatchScheduler::NextDueEntry(absl::Time now) {
  Entry* first = nullptr;
  for (auto& [id, entry] : entries_) {
    if (entry.queue.NextBatchTime() > now) continue;
    if (first == nullptr ||
        entry.queue.OldestArrival() < first->queue.OldestArrival()) {
      first = &entry;
    }
  }
  return first;
}

std::vector<DeadTask> BatchScheduler::TakeAllDead(absl::Time now) {
  std::vector<DeadTask> all;
  for (auto& [id, entry] : entries_) {
    std::vector<DeadTask> dead = entry.queue.TakeDead(now);
    std::move(dead.begin(), dead.end(), std::back_inserter(all));
  }
  return all;
}

void BatchScheduler::Execute(int worker, Work& work) {
  const ScheduledModelOptions& options = work.model->options;
  std::vector<absl::StatusOr<ImageResult>> results;
  const BatchReport report =
      ExecuteBatch(*work.model->executors[worker], options.shape, *clock_,
                   work.batch, results);
  // Before the answers, so that who has its answer finds it in the metrics.
  if (options.on_batch) options.on_batch(report);
  for (size_t i = 0; i < work.batch.size(); ++i) {
    std::move(work.batch[i].done)(std::move(results[i]));
  }
}

void BatchScheduler::AnswerDead(std::vector<DeadTask>& dead) {
  for (DeadTask& entry : dead) {
    entry.task.place.Release();
    std::move(entry.task.done)(std::move(entry.reason));
  }
}

void BatchScheduler::FinishWork() {
  MutexLock lock(&mutex_);
  --active_;
  if (Idle()) became_idle_.SignalAll();
}

}  // namespace moevit
