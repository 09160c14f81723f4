// One compute unit of an emulated card: a thread that takes launches from a
// queue and calls the kernel, with the unit's registers in a file that XRT can
// map.

#ifndef MOEVIT_KERNELS_EMULATION_COMPUTE_UNIT_H_
#define MOEVIT_KERNELS_EMULATION_COMPUTE_UNIT_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "kernels/emulation/card_memory.h"
#include "kernels/emulation/command.h"
#include "kernels/emulation/faults.h"
#include "kernels/emulation/kernel_entry.h"
#include "kernels/emulation/xclbin_reader.h"

namespace moevit::emulation {

int64_t MonotonicNanoseconds();

// Counts of a card, and whether it takes no more work until reset.
struct CardState {
  std::atomic<bool> needs_reset{false};
  std::atomic<int64_t> launches{0};
  std::atomic<int64_t> completed{0};
  std::atomic<int64_t> failed{0};
  std::atomic<int64_t> bytes_to_card{0};
  std::atomic<int64_t> bytes_from_card{0};
  std::atomic<int64_t> copy_ns{0};
};

// Thread safe.
class ComputeUnit {
 public:
  struct Options {
    ImageUnit unit;
    int card = 0;
    int index = 0;
    uint32_t register_bytes = 0x10000;
    std::vector<uint32_t> offsets;  // of the parameters' registers
    bool can_reset = false;         // a launch that hangs can be stopped
    const MoevitKernelEntry* entry = nullptr;  // null: launches fail
    CardMemory* memory = nullptr;              // these three outlive the unit
    FaultPlan* faults = nullptr;
    CardState* state = nullptr;
  };

  // Starts the thread. Null when there is no memory for the registers.
  static std::unique_ptr<ComputeUnit> Create(Options options);

  // Ends queued launches as aborted; waits for the kernel to return.
  ~ComputeUnit();
  ComputeUnit(const ComputeUnit&) = delete;
  ComputeUnit& operator=(const ComputeUnit&) = delete;

  void Submit(std::shared_ptr<const Command> command);

  enum class Cancelled { kNotHere, kStopped, kUnitLost, kGoesOn };
  // Ends the command whose packet is `packet` as aborted, unless it is stuck.
  Cancelled Cancel(const BufferObject* packet);
  // Drops whatever came through `file`, of which nobody waits for an end.
  void Drop(const OpenFile* file);

  // Launches queued or running; a lost unit counts as very busy, so that
  // others are taken.
  int64_t load();
  int64_t busy_ns();
  std::string StatusLine();  // as in the driver's kds_custat_raw

  const Options& options() const { return options_; }
  int register_file() const { return register_file_; }

 private:
  explicit ComputeUnit(Options options) : options_(std::move(options)) {}
  bool MapRegisters();
  void Main();
  void WriteRegisters(const Command& command);

  // Runs `running_`, without the lock while the kernel runs; returns how it
  // ended.
  ert_cmd_state Run() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ert_cmd_state RunKernel(bool flip_bit);
  void WaitWhileRunning(int64_t until_ns) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StickIfPlanned() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<Fault> Fires(FaultKind kind) const;

  const Options options_;
  int register_file_ = -1;
  uint8_t* registers_ = nullptr;
  std::thread thread_;

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::shared_ptr<const Command>> queue_ ABSL_GUARDED_BY(mutex_);
  // Null also while the kernel runs, when the command has been cancelled.
  std::shared_ptr<const Command> running_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool lost_ ABSL_GUARDED_BY(mutex_) = false;
  bool stuck_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t launches_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t busy_ns_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t started_ns_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: idle
};

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_COMPUTE_UNIT_H_
