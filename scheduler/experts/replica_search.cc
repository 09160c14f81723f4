#include "scheduler/experts/replica_search.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace moevit {
namespace {

// Devices that a step considers as the copy's new place.
constexpr size_t kTargets = 4;
// A step must lower the cost by this part of it.
constexpr double kWorthwhile = 1e-4;
// More than any layer needs: each step adds or moves a copy.
constexpr int kMaxStepsPerExpert = 8;
// A copy that takes less than this part of its expert's load is no use.
constexpr double kSomeShare = 1e-3;

}  // namespace

ReplicaSearch::ReplicaSearch(std::vector<double> loads,
                             std::vector<double> speeds, std::vector<int> slots,
                             std::vector<std::vector<int>> replicas)
    : loads_(std::move(loads)),
      speeds_(std::move(speeds)),
      slots_(std::move(slots)),
      replicas_(std::move(replicas)),
      used_(speeds_.size()),
      balancer_(speeds_) {
  for (const std::vector<int>& devices : replicas_) {
    for (int device : devices) ++used_[device];
  }
  Balance();
}

bool ReplicaSearch::Holds(int device, int expert) const {
  return std::binary_search(replicas_[expert].begin(), replicas_[expert].end(),
                            device);
}

int ReplicaSearch::FreeSlots(int device) const {
  return speeds_[device] > 0 ? slots_[device] - used_[device] : 0;
}

void ReplicaSearch::Add(int expert, int device) {
  std::vector<int>& devices = replicas_[expert];
  devices.insert(std::lower_bound(devices.begin(), devices.end(), device),
                 device);
  ++used_[device];
}

void ReplicaSearch::Remove(int expert, int device) {
  std::vector<int>& devices = replicas_[expert];
  devices.erase(std::lower_bound(devices.begin(), devices.end(), device));
  --used_[device];
}

void ReplicaSearch::PlaceMissing() {
  std::vector<int> missing;
  for (size_t e = 0; e < replicas_.size(); ++e) {
    if (replicas_[e].empty()) missing.push_back(static_cast<int>(e));
  }
  std::stable_sort(missing.begin(), missing.end(),
                   [&](int a, int b) { return loads_[a] > loads_[b]; });
  std::vector<double> times(balancer_.times().begin(), balancer_.times().end());
  for (int expert : missing) {
    int best = -1;
    double best_time = 0;
    for (int pass = 0; pass < 2 && best < 0; ++pass) {
      if (pass == 1 && !FreeOneSlot()) return;
      for (size_t d = 0; d < times.size(); ++d) {
        const int device = static_cast<int>(d);
        if (FreeSlots(device) < 1) continue;
        const double time = times[d] + loads_[expert] / speeds_[d];
        // Among equals the emptiest, so that idle experts spread as well.
        if (best < 0 || time < best_time ||
            (time == best_time && used_[device] < used_[best])) {
          best = device;
          best_time = time;
        }
      }
    }
    Add(expert, best);
    times[best] = best_time;
  }
  Balance();
}

bool ReplicaSearch::FreeOneSlot() {
  int expert = -1;
  int device = -1;
  double least = 0;
  for (size_t e = 0; e < replicas_.size(); ++e) {
    if (replicas_[e].size() < 2) continue;
    const double load = loads_[e] / static_cast<double>(replicas_[e].size());
    if (expert < 0 || load < least) {
      expert = static_cast<int>(e);
      device = replicas_[e].back();
      least = load;
    }
  }
  if (expert < 0) return false;
  Remove(expert, device);
  return true;
}

std::vector<int> ReplicaSearch::IdleDevices() const {
  std::vector<int> devices;
  for (size_t d = 0; d < speeds_.size(); ++d) {
    if (speeds_[d] > 0) devices.push_back(static_cast<int>(d));
  }
  const absl::Span<const double> times = balancer_.times();
  std::stable_sort(devices.begin(), devices.end(),
                   [&](int a, int b) { return times[a] < times[b]; });
  return devices;
}

void ReplicaSearch::Improve(double target) {
  const int max_steps = kMaxStepsPerExpert * static_cast<int>(loads_.size());
  for (int step = 0; step < max_steps && Imbalance() > target; ++step) {
    const std::vector<int> devices = IdleDevices();
    const int busiest = devices.back();
    const absl::Span<const int> targets = absl::MakeConstSpan(devices).first(
        std::min(kTargets, devices.size() - 1));
    std::vector<int> experts;  // that keep the busiest device busy
    for (size_t e = 0; e < replicas_.size(); ++e) {
      for (size_t i = 0; i < replicas_[e].size(); ++i) {
        if (replicas_[e][i] == busiest && loads_[e] > 0 &&
            balancer_.shares(e)[i] > kSomeShare) {
          experts.push_back(static_cast<int>(e));
        }
      }
    }
    Step best;
    best.cost = balancer_.Cost() * (1 - kWorthwhile);
    for (int expert : experts) TrySteps(expert, busiest, targets, &best);
    if (best.expert >= 0) Apply(best);
    Balance();
    if (best.expert < 0) return;
  }
}

void ReplicaSearch::TrySteps(int expert, int busiest,
                             absl::Span<const int> targets, Step* best) {
  for (int to : targets) {
    if (Holds(to, expert)) continue;
    const Step wanted = {.expert = expert, .to = to};
    if (FreeSlots(to) > 0) {
      Try(wanted, best);
      continue;
    }
    for (size_t e = 0; e < replicas_.size(); ++e) {
      const int other = static_cast<int>(e);
      if (!Holds(to, other)) continue;
      TryMakingRoom(wanted, busiest, other, targets, best);
    }
  }
}

void ReplicaSearch::TryMakingRoom(const Step& wanted, int busiest, int other,
                                  absl::Span<const int> targets, Step* best) {
  Step step = wanted;
  step.other = other;
  if (replicas_[other].size() > 1) {
    Try(step, best);
    return;
  }
  // Its only copy moves: where there is room, or in exchange.
  for (int device : targets) {
    if (device == wanted.to || FreeSlots(device) < 1) continue;
    step.other_to = device;
    Try(step, best);
  }
  step.other_to = busiest;
  if (FreeSlots(busiest) > 0) {
    Try(step, best);
  } else {
    step.from = busiest;
    Try(step, best);
  }
}

void ReplicaSearch::Try(Step step, Step* best) {
  Apply(step);
  Balance();
  step.cost = balancer_.Cost();
  Undo(step);
  if (step.cost < best->cost) *best = step;
}

void ReplicaSearch::Apply(const Step& step) {
  if (step.other >= 0) Remove(step.other, step.to);
  Add(step.expert, step.to);
  if (step.from >= 0) Remove(step.expert, step.from);
  if (step.other_to >= 0) Add(step.other, step.other_to);
}

void ReplicaSearch::Undo(const Step& step) {
  if (step.other_to >= 0) Remove(step.other, step.other_to);
  if (step.from >= 0) Add(step.expert, step.from);
  Remove(step.expert, step.to);
  if (step.other >= 0) Add(step.other, step.to);
}

}  // namespace moevit
