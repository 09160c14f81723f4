// Which experts' weights are in one memory of limited size, and which leave
// when another must come in. Decides only; moving bytes is the caller's work.
//
// Least frequently used with decay. A model goes through its layers in a
// cycle, batch after batch, and with many images nearly every expert is used
// once per batch. A cache by recency then always evicts what is needed next;
// here, among experts used about equally often, the one used last goes, which
// is the one needed again the latest. What is left stays, batch after batch.

#ifndef MOEVIT_SCHEDULER_EXPERTS_EXPERT_CACHE_H_
#define MOEVIT_SCHEDULER_EXPERTS_EXPERT_CACHE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace moevit {

struct ExpertCacheOptions {
  int64_t budget_bytes = 0;

  // What counts of an expert's uses after one more epoch. REQUIRES: in [0, 1).
  double decay = 0.9;
};

// Totals since the beginning.
struct ExpertCacheStatistics {
  int64_t hits = 0;
  int64_t misses = 0;  // each is a load
  int64_t bytes_loaded = 0;
  int64_t evictions = 0;
};

// Experts are numbers below their count, over all layers of a model.
// Thread-compatible.
class ExpertCache {
 public:
  // expert_bytes: by expert.
  ExpertCache(const ExpertCacheOptions& options,
              std::vector<int64_t> expert_bytes);

  // Begins an epoch: a batch, or another unit within which uses are counted
  // together.
  void NextEpoch();

  // Counts a use, and makes the expert resident and holds it there until
  // Release. Holds count: as many Releases as Acquires. To prefetch is to
  // acquire the next expert before the current one is released.
  //   evicted  experts that must leave first are appended, in order
  // Returns whether it was resident already. Errors, which change nothing but
  // `evicted` being left as it was:
  //   kFailedPrecondition  it is larger than the whole budget
  //   kResourceExhausted   what else is there is held or pinned
  absl::StatusOr<bool> Acquire(int expert, std::vector<int>* evicted);
  // REQUIRES: the expert is held.
  void Release(int expert);

  // Forgets that an expert is resident, as when its device lost it.
  // REQUIRES: it is not held.
  void Drop(int expert);

  // Forgets that any expert is resident or held, as when the memory is lost.
  // How much they are used is remembered, and so is what is pinned.
  void Clear();

  // A pinned expert is never evicted; it need not be resident yet. Returns
  // kResourceExhausted if the pinned would fill the budget so far that the
  // largest other expert no longer fits.
  absl::Status Pin(int expert);
  void Unpin(int expert);

  // Unpins all, then pins the most used experts that Pin admits, up to `bytes`
  // in total. Returns how many.
  int PinHottest(int64_t bytes);

  bool resident(int expert) const { return entries_[expert].resident; }
  bool pinned(int expert) const { return entries_[expert].pinned; }
  int64_t used_bytes() const { return used_bytes_; }
  int64_t budget_bytes() const { return options_.budget_bytes; }
  const ExpertCacheStatistics& statistics() const { return statistics_; }

 private:
  struct Entry {
    int64_t bytes = 0;
    double score = 0;      // decayed uses per epoch, of complete epochs
    double uses = 0;       // in the current epoch
    int64_t last_use = 0;  // position in the sequence of all uses
    int holds = 0;
    bool resident = false;
    bool pinned = false;
  };

  // Whether `a` should leave rather than `b`.
  static bool LeavesBefore(const Entry& a, const Entry& b);
  // The expert that should leave first, or -1 if none may.
  int Victim() const;
  // Whether evicting makes room for `bytes`.
  bool CanFit(int64_t bytes) const;

  const ExpertCacheOptions options_;
  std::vector<Entry> entries_;
  int64_t used_bytes_ = 0;
  int64_t pinned_bytes_ = 0;
  int64_t uses_ = 0;
  ExpertCacheStatistics statistics_;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_EXPERTS_EXPERT_CACHE_H_
