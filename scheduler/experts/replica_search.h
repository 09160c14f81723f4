// The copies of one layer's experts: first placed, then improved step by step.
// An inner part of expert_placement.h. Pure.

#ifndef MOEVIT_SCHEDULER_EXPERTS_REPLICA_SEARCH_H_
#define MOEVIT_SCHEDULER_EXPERTS_REPLICA_SEARCH_H_

#include <vector>

#include "absl/types/span.h"
#include "scheduler/experts/load_balancer.h"

namespace moevit {

// Thread-compatible.
class ReplicaSearch {
 public:
  // loads: by expert. speeds, slots: by device; a slot holds one expert. Begins
  // with `replicas`, which must name working devices only and fit the slots.
  ReplicaSearch(std::vector<double> loads, std::vector<double> speeds,
                std::vector<int> slots, std::vector<std::vector<int>> replicas);

  // Gives each expert without a copy one: the busiest expert first, always to
  // the device that is then done the earliest and has a free slot (the longest
  // processing time rule). When there is no free slot, an expert that has
  // several copies gives one up; when none has, those that are left stay
  // without.
  void PlaceMissing();

  // Adds a copy, makes room for one or swaps two, always the step that helps
  // the most, until Imbalance() is at most `target` or no step helps.
  void Improve(double target);

  double Imbalance() const { return balancer_.Imbalance(); }
  const std::vector<std::vector<int>>& replicas() const { return replicas_; }

 private:
  // `expert` gets a copy on `to`, and leaves `from` unless that is -1. If
  // `other` is an expert, its copy leaves `to`, for `other_to` unless that is
  // -1.
  struct Step {
    int expert = -1;
    int to = -1;
    int from = -1;
    int other = -1;
    int other_to = -1;
    double cost = 0;
  };

  bool Holds(int device, int expert) const;
  int FreeSlots(int device) const;
  void Add(int expert, int device);
  void Remove(int expert, int device);
  void Apply(const Step& step);
  void Undo(const Step& step);
  void Balance() { balancer_.Balance(loads_, replicas_); }
  // Considers the step; keeps it if it is the best so far.
  void Try(Step step, Step* best);
  // All steps that take load of `expert` from the device `busiest`.
  void TrySteps(int expert, int busiest, absl::Span<const int> targets,
                Step* best);
  // Those that make room on the full device `to` by taking `other` away.
  void TryMakingRoom(const Step& wanted, int busiest, int other,
                     absl::Span<const int> targets, Step* best);
  // A slot to give up: of the copies of experts with several, on any device,
  // the one that takes the least load. Returns whether there was one.
  bool FreeOneSlot();
  // The working devices, the idlest first.
  std::vector<int> IdleDevices() const;

  const std::vector<double> loads_;
  const std::vector<double> speeds_;
  const std::vector<int> slots_;
  std::vector<std::vector<int>> replicas_;  // by expert, ascending
  std::vector<int> used_;                   // slots, by device
  LoadBalancer balancer_;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_EXPERTS_REPLICA_SEARCH_H_
