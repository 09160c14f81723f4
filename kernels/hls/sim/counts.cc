#include "kernels/hls/sim/counts.h"

namespace moevit {
namespace hls {
namespace sim {
namespace {

thread_local Counts* current_counts = nullptr;

}  // namespace

void Counts::Add(const char* name, int64_t amount) {
  const std::lock_guard<std::mutex> lock(mutex_);
  by_name_[name] += amount;
}

int64_t Counts::operator[](const std::string& name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? 0 : found->second;
}

ScopedCounts::ScopedCounts(Counts* counts) : outer_(current_counts) {
  current_counts = counts;
}

ScopedCounts::~ScopedCounts() { current_counts = outer_; }

Counts* ScopedCounts::Current() { return current_counts; }

Counter::~Counter() {
  if (current_counts != nullptr) current_counts->Add(name_, amount_);
}

}  // namespace sim
}  // namespace hls
}  // namespace moevit
