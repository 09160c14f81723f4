// A card and the programs on it, kept in use over faults: whoever runs
// something on a card that failed brings it back first, and what was on it is
// loaded again.
//
// It does not decide when to try again or who runs the work meanwhile; that is
// the scheduler's business, to which a fault is an executor's error.

#ifndef MOEVIT_KERNELS_CARD_CARD_DEVICE_H_
#define MOEVIT_KERNELS_CARD_CARD_DEVICE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "kernels/card/card.h"
#include "kernels/card/resident_program.h"
#include "kernels/executor.h"
#include "program/program.h"

namespace moevit {

// How wrong answers of a card that reports no error are found.
enum class CardVerification {
  kNone,
  // Now and then a known image is run and the weights are compared with what
  // was loaded: finds what is broken and stays so.
  kCanary,
  // As kCanary, and every batch runs twice, from its pixels on, and must give
  // the same logits: also finds what goes wrong once, at half the speed.
  kTwice,
};

struct CardDeviceOptions {
  // Bound for every single copy and launch. Default: 5 s.
  absl::Duration timeout = absl::Seconds(5);

  CardVerification verification = CardVerification::kCanary;

  // Batches of an executor from one canary to the next. Default: 256.
  int canary_period = 256;
};

// Thread safe. Executors share the card: each is a lane of its own.
class CardDevice {
 public:
  CardDevice(std::unique_ptr<Card> card, const CardDeviceOptions& options);

  // Loads the program, unless it is there, and returns an executor named like
  // the card; it leaves the card with its last executor. The n-th executor of a
  // program uses the card's n-th pipeline of units, in turn. Its errors: what
  // is wrong with a batch (kInvalidArgument, kCancelled), or kUnavailable,
  // kDeadlineExceeded, kAborted, kInternal or kDataLoss for a card that does
  // not work or is full. The device and `program` must outlive the executor.
  //   max_batch  see CardExecutorOptions
  absl::StatusOr<std::unique_ptr<Executor>> NewExecutor(const Program* program,
                                                        int max_batch);

  Card& card() { return *card_; }
  const CardDeviceOptions& options() const { return options_; }

 private:
  friend class CardUse;
  using Resident = std::shared_ptr<const ResidentProgram>;

  // Takes part in using the card, after having brought it back if it failed;
  // for that, nobody else may be using it: waits for them, as long as for a
  // launch.
  absl::Status Enter(int64_t* generation);
  void Leave(bool fault);
  // REQUIRES: the caller uses the card.
  absl::StatusOr<Resident> FindOrLoad(const Program* program, int pipeline);
  absl::StatusOr<Resident> Load(const Program* program, int pipeline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Repair() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::unique_ptr<Card> card_;
  const CardDeviceOptions options_;
  const int pipelines_;

  Mutex mutex_;
  CondVar all_left_;  // users_ became 0
  int users_ ABSL_GUARDED_BY(mutex_) = 0;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  // How often the card was brought back: what was on it before is void.
  int64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  // Held by the executors that run them: a program that nobody runs any more
  // leaves the card.
  std::map<std::pair<const Program*, int>, std::weak_ptr<const ResidentProgram>>
      residents_ ABSL_GUARDED_BY(mutex_);
  std::map<const Program*, int> executors_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_CARD_DEVICE_H_
