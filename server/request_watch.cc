#include "server/request_watch.h"

#include <utility>
#include <vector>

namespace moevit {

RequestWatch::RequestWatch(Clock* clock)
    : clock_(clock), thread_([this] { Watch(); }) {}

RequestWatch::~RequestWatch() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.SignalAll();
  }
  thread_.join();
  while (const auto left = First()) {
    left->End(absl::UnavailableError("the server is shutting down"));
  }
}

std::shared_ptr<WatchedRequest> RequestWatch::First() {
  MutexLock lock(&mutex_);
  return requests_.empty() ? nullptr : requests_.begin()->second;
}

RequestWatch::Ticket RequestWatch::Add(
    absl::Time time, std::shared_ptr<WatchedRequest> request) {
  MutexLock lock(&mutex_);
  const Ticket ticket = requests_.emplace(time, std::move(request));
  if (time < wake_time_) changed_.Signal();
  return ticket;
}

RequestWatch::Ticket RequestWatch::Move(Ticket ticket, absl::Time time) {
  MutexLock lock(&mutex_);
  auto node = requests_.extract(ticket);
  node.key() = time;
  const Ticket moved = requests_.insert(std::move(node));
  if (time < wake_time_) changed_.Signal();
  return moved;
}

void RequestWatch::Remove(Ticket ticket) {
  MutexLock lock(&mutex_);
  requests_.erase(ticket);
}

void RequestWatch::EndCancelled() {
  std::vector<std::shared_ptr<WatchedRequest>> cancelled;
  {
    MutexLock lock(&mutex_);
    for (const auto& [deadline, request] : requests_) {
      if (request->cancelled()) cancelled.push_back(request);
    }
  }
  for (const auto& request : cancelled) {
    request->End(absl::CancelledError("the request was cancelled"));
  }
}

void RequestWatch::Watch() {
  MutexLock lock(&mutex_);
  while (!stopping_) {
    wake_time_ =
        requests_.empty() ? absl::InfiniteFuture() : requests_.begin()->first;
    if (clock_->Now() < wake_time_) {
      clock_->WaitUntil(&mutex_, &changed_, wake_time_);
      continue;
    }
    std::shared_ptr<WatchedRequest> request = requests_.begin()->second;
    mutex_.Unlock();
    request->OnTime();
    request.reset();
    mutex_.Lock();
  }
}

}  // namespace moevit
