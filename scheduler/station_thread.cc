#include "scheduler/station_thread.h"

#include <cstddef>
#include <thread>
#include <utility>

namespace moevit {

StationThread::StationThread(std::unique_ptr<ExpertStation> station,
                             bool own_thread)
    : station_(std::move(station)) {
  if (own_thread) thread_ = std::thread([this] { RunThread(); });
}

StationThread::~StationThread() {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  changed_.SignalAll();
  thread_.join();
}

void StationThread::Start(const ExpertLayerCall& call, bool reverse,
                          absl::Span<ExpertPart> parts) {
  if (!thread_.joinable()) {
    const size_t done = station_->Run(call, reverse, parts);
    MutexLock lock(&mutex_);
    done_ = done;
    return;
  }
  {
    MutexLock lock(&mutex_);
    call_ = &call;
    reverse_ = reverse;
    parts_ = parts;
  }
  changed_.SignalAll();
}

size_t StationThread::Finish() {
  MutexLock lock(&mutex_);
  while (call_ != nullptr) changed_.Wait(&mutex_);
  return done_;
}

void StationThread::StartRestore() {
  MutexLock lock(&mutex_);
  restored_.reset();
  restoring_ = true;
  if (thread_.joinable()) {
    changed_.SignalAll();
  } else {
    RunRestore();
  }
}

std::optional<absl::Status> StationThread::PollRestore() {
  MutexLock lock(&mutex_);
  return std::exchange(restored_, std::nullopt);
}

void StationThread::RunThread() {
  MutexLock lock(&mutex_);
  while (!stopping_) {
    if (call_ != nullptr) {
      RunCall();
    } else if (restoring_) {
      RunRestore();
    } else {
      changed_.Wait(&mutex_);
    }
  }
}

void StationThread::RunCall() {
  const ExpertLayerCall& call = *call_;
  const bool reverse = reverse_;
  const absl::Span<ExpertPart> parts = parts_;
  mutex_.Unlock();
  const size_t done = station_->Run(call, reverse, parts);
  mutex_.Lock();
  done_ = done;
  call_ = nullptr;
  changed_.SignalAll();
}

void StationThread::RunRestore() {
  mutex_.Unlock();
  absl::Status restored = station_->device().Restore();
  mutex_.Lock();
  restoring_ = false;
  restored_ = std::move(restored);
}

}  // namespace moevit
