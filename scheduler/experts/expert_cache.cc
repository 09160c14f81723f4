#include "scheduler/experts/expert_cache.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace moevit {
namespace {

// Scores closer than this count as equal: they are counts of a few batches.
constexpr double kLevelsPerOctave = 2;
constexpr double kSmallestScore = 1e-3;

int Level(double score) {
  return static_cast<int>(std::lround(
      kLevelsPerOctave * std::log2(std::max(score, kSmallestScore))));
}

}  // namespace

ExpertCache::ExpertCache(const ExpertCacheOptions& options,
                         std::vector<int64_t> expert_bytes)
    : options_(options), entries_(expert_bytes.size()) {
  for (size_t e = 0; e < entries_.size(); ++e) {
    entries_[e].bytes = expert_bytes[e];
  }
}

void ExpertCache::NextEpoch() {
  for (Entry& entry : entries_) {
    entry.score =
        options_.decay * entry.score + (1 - options_.decay) * entry.uses;
    entry.uses = 0;
  }
}

absl::StatusOr<bool> ExpertCache::Acquire(int expert,
                                          std::vector<int>* evicted) {
  Entry& entry = entries_[expert];
  if (entry.bytes > options_.budget_bytes) {
    return absl::FailedPreconditionError(absl::StrCat(
        "expert ", expert, " takes ", entry.bytes,
        " bytes, more than the budget of ", options_.budget_bytes, " bytes"));
  }
  const bool hit = entry.resident;
  if (!hit) {
    if (!CanFit(entry.bytes)) {
      return absl::ResourceExhaustedError(
          absl::StrCat("expert ", expert, " takes ", entry.bytes, " bytes; of ",
                       options_.budget_bytes, ", too many are held or pinned"));
    }
    while (used_bytes_ + entry.bytes > options_.budget_bytes) {
      const int victim = Victim();
      Drop(victim);
      ++statistics_.evictions;
      evicted->push_back(victim);
    }
    entry.resident = true;
    used_bytes_ += entry.bytes;
    statistics_.bytes_loaded += entry.bytes;
  }
  ++(hit ? statistics_.hits : statistics_.misses);
  ++entry.uses;
  ++entry.holds;
  entry.last_use = ++uses_;
  return hit;
}

void ExpertCache::Release(int expert) { --entries_[expert].holds; }

void ExpertCache::Drop(int expert) {
  Entry& entry = entries_[expert];
  if (!entry.resident) return;
  entry.resident = false;
  used_bytes_ -= entry.bytes;
}

void ExpertCache::Clear() {
  for (Entry& entry : entries_) {
    entry.resident = false;
    entry.holds = 0;
  }
  used_bytes_ = 0;
}

absl::Status ExpertCache::Pin(int expert) {
  if (entries_[expert].pinned) return absl::OkStatus();
  int64_t largest_other = 0;
  for (const Entry& entry : entries_) {
    if (!entry.pinned && &entry != &entries_[expert]) {
      largest_other = std::max(largest_other, entry.bytes);
    }
  }
  const int64_t wanted = pinned_bytes_ + entries_[expert].bytes;
  if (wanted + largest_other > options_.budget_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "pinning expert ", expert, " would pin ", wanted, " bytes of ",
        options_.budget_bytes, " and leave no room for one of ", largest_other,
        " bytes"));
  }
  entries_[expert].pinned = true;
  pinned_bytes_ = wanted;
  return absl::OkStatus();
}

void ExpertCache::Unpin(int expert) {
  if (!entries_[expert].pinned) return;
  entries_[expert].pinned = false;
  pinned_bytes_ -= entries_[expert].bytes;
}

int ExpertCache::PinHottest(int64_t bytes) {
  std::vector<int> hottest(entries_.size());
  std::iota(hottest.begin(), hottest.end(), 0);
  std::stable_sort(hottest.begin(), hottest.end(), [&](int a, int b) {
    return entries_[a].score > entries_[b].score;
  });
  for (int expert : hottest) Unpin(expert);
  int count = 0;
  for (int expert : hottest) {
    if (entries_[expert].score <= 0) break;
    if (pinned_bytes_ + entries_[expert].bytes > bytes) continue;
    if (Pin(expert).ok()) ++count;
  }
  return count;
}

bool ExpertCache::LeavesBefore(const Entry& a, const Entry& b) {
  const int a_level = Level(a.score);
  const int b_level = Level(b.score);
  if (a_level != b_level) return a_level < b_level;
  return a.last_use > b.last_use;
}

int ExpertCache::Victim() const {
  int victim = -1;
  for (size_t e = 0; e < entries_.size(); ++e) {
    const Entry& entry = entries_[e];
    if (!entry.resident || entry.pinned || entry.holds > 0) continue;
    if (victim < 0 || LeavesBefore(entry, entries_[victim])) {
      victim = static_cast<int>(e);
    }
  }
  return victim;
}

bool ExpertCache::CanFit(int64_t bytes) const {
  int64_t room = options_.budget_bytes - used_bytes_;
  for (const Entry& entry : entries_) {
    const bool stays = entry.pinned || entry.holds > 0;
    if (entry.resident && !stays) room += entry.bytes;
  }
  return bytes <= room;
}

}  // namespace moevit
