#include "kernels/card/copy_thread.h"

#include "absl/time/clock.h"

namespace moevit {

CopyThread::CopyThread()
    : queue_(std::make_shared<Queue>()),
      thread_([queue = queue_] { Run(queue.get()); }) {}

CopyThread::~CopyThread() { Stop(absl::Now() + absl::Seconds(1)); }

void CopyThread::Add(Copy copy, std::shared_ptr<OperationState> state) {
  {
    MutexLock lock(&queue_->mutex);
    if (!queue_->stop) {
      queue_->copies.emplace_back(std::move(copy), std::move(state));
      queue_->changed.SignalAll();
      return;
    }
  }
  state->End(absl::AbortedError("copies have been stopped"));
}

void CopyThread::Run(Queue* queue) {
  for (;;) {
    std::pair<Copy, std::shared_ptr<OperationState>> next;
    {
      MutexLock lock(&queue->mutex);
      while (!queue->stop && queue->copies.empty()) {
        queue->changed.Wait(&queue->mutex);
      }
      if (queue->stop) return;
      next = std::move(queue->copies.front());
      queue->copies.pop_front();
    }
    const absl::Status status = next.first();
    next.first = nullptr;  // whatever it holds is free before anyone goes on
    next.second->End(status);
  }
}

bool CopyThread::Stop(absl::Time deadline) {
  std::deque<std::pair<Copy, std::shared_ptr<OperationState>>> dropped;
  {
    MutexLock lock(&queue_->mutex);
    queue_->stop = true;
    dropped.swap(queue_->copies);
    queue_->changed.SignalAll();
  }
  for (auto& [copy, state] : dropped) {
    state->End(absl::AbortedError("the card was reset"));
  }
  return thread_.Join(deadline);
}

}  // namespace moevit
