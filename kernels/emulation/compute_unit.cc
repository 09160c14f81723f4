#include "kernels/emulation/compute_unit.h"

#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "absl/time/clock.h"

namespace moevit::emulation {
namespace {

// The control register of a Vitis kernel (ap_ctrl_hs) and its bits.
constexpr uint32_t kStart = 1;
constexpr uint32_t kDone = 2;
constexpr uint32_t kIdle = 4;
// The packet carries them, but they are not the host's to write.
constexpr size_t kControlBytes = 16;

constexpr int64_t kForever = std::numeric_limits<int64_t>::max();

// What a running kernel reaches of the card. The buffers stay, even if the host
// frees them meanwhile.
struct Reach {
  CardMemory* memory;
  std::vector<std::shared_ptr<BufferObject>> used = {};

  static void* Translate(void* reach_pointer, uint64_t address) {
    auto* reach = static_cast<Reach*>(reach_pointer);
    auto [buffer, position] = reach->memory->Find(address);
    if (buffer == nullptr) return nullptr;
    uint8_t* byte = buffer->card() + position;
    reach->used.push_back(std::move(buffer));
    return byte;
  }
};

}  // namespace

int64_t MonotonicNanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::unique_ptr<ComputeUnit> ComputeUnit::Create(Options options) {
  std::unique_ptr<ComputeUnit> unit(new ComputeUnit(std::move(options)));
  if (!unit->MapRegisters()) return nullptr;
  unit->thread_ = std::thread([raw = unit.get()] { raw->Main(); });
  return unit;
}

bool ComputeUnit::MapRegisters() {
  register_file_ = memfd_create("moevit-emulated-registers", MFD_CLOEXEC);
  const uint32_t bytes = options_.register_bytes;
  if (register_file_ < 0 || ftruncate(register_file_, bytes) != 0) return false;
  void* mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                      register_file_, 0);
  if (mapped == MAP_FAILED) return false;
  registers_ = static_cast<uint8_t*>(mapped);
  std::memcpy(registers_, &kIdle, sizeof(kIdle));
  return true;
}

ComputeUnit::~ComputeUnit() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    changed_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
  for (const auto& command : queue_) command->End(ERT_CMD_STATE_ABORT);
  if (registers_ != nullptr) munmap(registers_, options_.register_bytes);
  if (register_file_ >= 0) close(register_file_);
}

void ComputeUnit::Submit(std::shared_ptr<const Command> command) {
  MutexLock lock(&mutex_);
  queue_.push_back(std::move(command));
  changed_.SignalAll();
}

ComputeUnit::Cancelled ComputeUnit::Cancel(const BufferObject* packet) {
  std::shared_ptr<const Command> found;
  Cancelled result = Cancelled::kStopped;
  {
    MutexLock lock(&mutex_);
    const auto queued = std::find_if(queue_.begin(), queue_.end(),
                                     [packet](const auto& command) {
                                       return command->packet.get() == packet;
                                     });
    if (queued != queue_.end()) {
      found = std::move(*queued);
      queue_.erase(queued);
    } else if (running_ != nullptr && running_->packet.get() == packet) {
      if (stuck_) return Cancelled::kGoesOn;
      found = std::move(running_);
      // Without a reset of its own the unit can only be written off.
      lost_ = !options_.can_reset;
      if (lost_) result = Cancelled::kUnitLost;
      changed_.SignalAll();
    } else {
      return Cancelled::kNotHere;
    }
  }
  found->End(ERT_CMD_STATE_ABORT);
  return result;
}

void ComputeUnit::Drop(const OpenFile* file) {
  MutexLock lock(&mutex_);
  std::erase_if(queue_, [file](const auto& command) {
    return command->file.get() == file;
  });
  if (running_ != nullptr && running_->file.get() == file) running_.reset();
  changed_.SignalAll();
}

int64_t ComputeUnit::load() {
  constexpr int64_t kLost = 1'000'000;
  MutexLock lock(&mutex_);
  return static_cast<int64_t>(queue_.size()) + (started_ns_ != 0 ? 1 : 0) +
         (lost_ ? kLost : 0);
}

int64_t ComputeUnit::busy_ns() {
  MutexLock lock(&mutex_);
  return busy_ns_ +
         (started_ns_ != 0 ? MonotonicNanoseconds() - started_ns_ : 0);
}

std::string ComputeUnit::StatusLine() {
  constexpr uint32_t kCrashed = 0x20;
  MutexLock lock(&mutex_);
  const uint32_t status =
      lost_ ? kCrashed : (started_ns_ != 0 ? kStart : kIdle);
  char numbers[64];
  std::snprintf(numbers, sizeof(numbers), ",0x%llx,0x%x,%lld\n",
                static_cast<unsigned long long>(options_.unit.address), status,
                static_cast<long long>(launches_));
  return "0," + std::to_string(options_.index) + "," + options_.unit.kernel +
         ":" + options_.unit.instance + numbers;
}

void ComputeUnit::Main() {
  MutexLock lock(&mutex_);
  for (;;) {
    while (!stop_ && queue_.empty()) changed_.Wait(&mutex_);
    if (stop_) return;
    running_ = std::move(queue_.front());
    queue_.pop_front();
    ++launches_;
    started_ns_ = MonotonicNanoseconds();
    ert_cmd_state state = lost_ ? ERT_CMD_STATE_ABORT : Run();
    busy_ns_ += MonotonicNanoseconds() - started_ns_;
    started_ns_ = 0;
    if (stop_) state = ERT_CMD_STATE_ABORT;
    if (running_ == nullptr) continue;  // cancelled
    const std::shared_ptr<const Command> ended = std::move(running_);
    ++(state == ERT_CMD_STATE_COMPLETED ? options_.state->completed
                                        : options_.state->failed);
    ended->End(state);
  }
}

std::optional<Fault> ComputeUnit::Fires(FaultKind kind) const {
  return options_.faults->Fires(
      {kind, options_.card, options_.index, options_.unit.kernel});
}

void ComputeUnit::WaitWhileRunning(int64_t until_ns) {
  for (;;) {
    const int64_t left = until_ns - MonotonicNanoseconds();
    if (stop_ || running_ == nullptr || left <= 0) return;
    if (until_ns == kForever) {
      changed_.Wait(&mutex_);
    } else {
      changed_.WaitUntil(&mutex_, absl::Now() + absl::Nanoseconds(left));
    }
  }
}

// Only the end of the fault, or a reset of the card, ends this.
void ComputeUnit::StickIfPlanned() {
  constexpr absl::Duration kLook = absl::Milliseconds(1);
  const int64_t clears = options_.faults->clears();
  if (!Fires(FaultKind::kStuck)) return;
  stuck_ = true;
  while (!stop_ && running_ != nullptr && options_.faults->clears() == clears) {
    changed_.WaitUntil(&mutex_, absl::Now() + kLook);
  }
  stuck_ = false;
}

ert_cmd_state ComputeUnit::Run() {
  WriteRegisters(*running_);
  if (const auto delay = Fires(FaultKind::kDelay)) {
    WaitWhileRunning(MonotonicNanoseconds() + delay->delay_ms * 1'000'000);
  }
  if (Fires(FaultKind::kError)) return ERT_CMD_STATE_ERROR;
  if (Fires(FaultKind::kAbort)) return ERT_CMD_STATE_ABORT;
  if (Fires(FaultKind::kTimeout)) {
    lost_ = true;
    options_.state->needs_reset = true;
    return ERT_CMD_STATE_TIMEOUT;
  }
  if (Fires(FaultKind::kHang)) {
    // Only a cancelled command or a reset of the card ends this.
    WaitWhileRunning(kForever);
    return ERT_CMD_STATE_ABORT;
  }
  StickIfPlanned();
  const bool flip_bit = Fires(FaultKind::kBitFlip).has_value();
  if (stop_ || running_ == nullptr) return ERT_CMD_STATE_ABORT;
  mutex_.Unlock();
  const ert_cmd_state state = RunKernel(flip_bit);
  mutex_.Lock();
  return state;
}

void ComputeUnit::WriteRegisters(const Command& command) {
  const size_t bytes = std::min<size_t>(
      command.registers.size() * sizeof(uint32_t), options_.register_bytes);
  if (bytes > kControlBytes) {
    std::memcpy(registers_ + kControlBytes,
                reinterpret_cast<const uint8_t*>(command.registers.data()) +
                    kControlBytes,
                bytes - kControlBytes);
  }
  std::memcpy(registers_, &kStart, sizeof(kStart));
}

ert_cmd_state ComputeUnit::RunKernel(bool flip_bit) {
  MoevitKernelResult result = kMoevitKernelBadRegisters;
  Reach reach{options_.memory};
  const MoevitKernelCall call = {registers_,
                                 options_.register_bytes,
                                 options_.offsets.data(),
                                 static_cast<uint32_t>(options_.offsets.size()),
                                 &reach,
                                 &Reach::Translate};
  if (options_.entry != nullptr) result = options_.entry->run(&call);
  if (result != kMoevitKernelDone) {
    std::fprintf(stderr, "emulated card: launch of %s failed: %s\n",
                 options_.unit.instance.c_str(),
                 result == kMoevitKernelBadAddress
                     ? "a pointer argument lies in no buffer"
                 : result == kMoevitKernelThrew
                     ? "the kernel threw an exception"
                     : "the image's parameters are not the kernel's");
  } else if (flip_bit && !reach.used.empty()) {
    reach.used.back()->card()[0] ^= 1;
  }
  const uint32_t ended = kDone | kIdle;
  std::memcpy(registers_, &ended, sizeof(ended));
  return result == kMoevitKernelDone ? ERT_CMD_STATE_COMPLETED
                                     : ERT_CMD_STATE_ERROR;
}

}  // namespace moevit::emulation
