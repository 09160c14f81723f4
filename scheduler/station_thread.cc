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

void StationThread::RunThread() {
  mutex_.Lock();
  while (true) {
    while (call_ == nullptr && !stopping_) changed_.Wait(&mutex_);
    if (stopping_) break;
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
  mutex_.Unlock();
}

}  // namespace moevit
