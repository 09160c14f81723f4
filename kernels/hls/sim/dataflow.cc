#include "kernels/hls/sim/dataflow.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "kernels/hls/sim/counts.h"
#include "kernels/hls/sim/fail.h"

namespace moevit {
namespace hls {
namespace sim {
namespace {

std::atomic<bool> threads{false};
std::atomic<int> depth_limit{ScopedThreads::kAsDeclared};

thread_local Network* current_network = nullptr;
thread_local const char* current_process = nullptr;

std::string Describe(const char* process, const Channel& channel,
                     Access access) {
  const std::string stream = channel.name();
  if (access == Access::kRead) {
    return std::string(process) + " waits for stream " + stream +
           ", which is empty";
  }
  return std::string(process) + " waits for stream " + stream +
         ", which is full with " + std::to_string(channel.size()) + " elements";
}

}  // namespace

ScopedThreads::ScopedThreads(int max_depth) {
  threads = true;
  depth_limit = max_depth;
}

ScopedThreads::~ScopedThreads() {
  threads = false;
  depth_limit = kAsDeclared;
}

bool ScopedThreads::active() { return threads; }

int ScopedThreads::max_depth() { return depth_limit; }

Network* Network::Current() { return current_network; }

void Network::Run(const std::vector<std::function<void()>>& functions,
                  const std::vector<const char*>& names) {
  running_ = functions.size();
  Counts* const counts = ScopedCounts::Current();
  std::vector<std::thread> processes;
  for (size_t i = 0; i < functions.size(); ++i) {
    processes.emplace_back([this, counts, &functions, &names, i] {
      const ScopedCounts count_here(counts);
      RunProcess(functions[i], names[i]);
    });
  }
  for (std::thread& process : processes) process.join();
}

void Network::RunProcess(const std::function<void()>& function,
                         const char* name) {
  current_network = this;
  current_process = name;
  function();
  const std::lock_guard<std::mutex> lock(mutex_);
  --running_;
  CheckForDeadlock();
}

void Network::Acquire(const Channel& channel, Access access) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!channel.Ready(access)) {
    const Waiting waiting = {current_process, &channel, access};
    waiting_.push_back(&waiting);
    CheckForDeadlock();
    changed_.wait(lock, [&] { return channel.Ready(access); });
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &waiting));
  }
  lock.release();  // until Release()
}

void Network::Release() {
  const bool someone_waits = !waiting_.empty();
  mutex_.unlock();
  if (someone_waits) changed_.notify_all();
}

void Network::CheckForDeadlock() const {
  if (running_ == 0 || waiting_.size() < running_) return;
  std::string message = "deadlock";
  for (const Waiting* waiting : waiting_) {
    if (waiting->channel->Ready(waiting->access)) return;
    message +=
        "; " + Describe(waiting->process, *waiting->channel, waiting->access);
  }
  Fail(message);
}

Dataflow::~Dataflow() {
  if (functions_.empty()) return;
  Network network;
  network.Run(functions_, names_);
}

void Dataflow::Run(const char* name, std::function<void()> function) {
  if (!ScopedThreads::active()) {
    function();
    return;
  }
  names_.push_back(name);
  functions_.push_back(std::move(function));
}

}  // namespace sim
}  // namespace hls
}  // namespace moevit
