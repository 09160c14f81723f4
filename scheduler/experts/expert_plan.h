// What each device computes of one sparse layer, and in which order.
//
// The tokens of a batch are grouped by expert already (expert_groups.h). A
// plan cuts the groups into parts, gives every part to a device that holds the
// expert, and orders the parts of a device so that as few weights as possible
// travel. It decides who computes what and when, never what comes out: every
// plan of a layer leads to the same bits.

#ifndef MOEVIT_SCHEDULER_EXPERTS_EXPERT_PLAN_H_
#define MOEVIT_SCHEDULER_EXPERTS_EXPERT_PLAN_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "scheduler/experts/load_balancer.h"

namespace moevit {

// Consecutive assignments of one expert.
struct ExpertPart {
  int expert = 0;
  int32_t first = 0;  // position in the order of assignments
  int32_t rows = 0;
};

// Predicted times, in any unit as long as it is the same for all devices.
struct ExpertCosts {
  double load = 0;     // bringing an expert's weights to the device
  double launch = 0;   // starting one part
  double per_row = 0;  // one assignment through both linears

  double Of(int64_t rows, bool resident) const {
    return (resident ? 0 : load) + launch + per_row * static_cast<double>(rows);
  }
};

// Orders the parts of one device: those whose weights are there first, while
// the first of the others loads; each of the two kinds by expert, ascending, or
// descending if `reverse`. Reversed for every other batch, a layer begins with
// what it ended with the last time.
//   resident  by expert
void OrderParts(absl::Span<const uint8_t> resident, bool reverse,
                absl::Span<ExpertPart> parts);

struct ExpertPlanOptions {
  // No group is cut into parts of fewer rows than this: a device computes
  // whole tiles. REQUIRES: at least 1.
  int min_rows = 16;
};

// Plans one layer after the other. Thread-compatible. Allocates only while its
// lists grow to the sizes they need.
class ExpertPlanner {
 public:
  // `speeds` as for LoadBalancer: one device each.
  ExpertPlanner(std::vector<double> speeds, const ExpertPlanOptions& options);

  // Divides the groups of a layer.
  //   first     [experts + 1], as from GroupByExpert
  //   replicas  by expert: the devices that may run it; none: nobody can, and
  //             its group goes to `unplaced`
  // Takes time proportional to the experts and their replicas.
  void Plan(absl::Span<const int32_t> first,
            absl::Span<const std::vector<int>> replicas);

  // As Plan, for some parts of a layer only: those that a lost device left.
  void PlanParts(absl::Span<const ExpertPart> parts,
                 absl::Span<const std::vector<int>> replicas);

  // Moves parts from the devices to `unplaced` (which the processor runs)
  // where the device is predicted to need longer than the processor, and the
  // processor is done with all it got before the busiest device is.
  //   costs     by device
  //   resident  by device and expert
  void MoveColdPartsHome(absl::Span<const ExpertCosts> costs,
                         const ExpertCosts& home,
                         absl::Span<const std::vector<uint8_t>> resident);

  // Moves one part to `unplaced`, that of the fewest rows; none if no device
  // has any.
  void MoveColdestPartHome();

  int devices() const { return static_cast<int>(parts_.size()); }
  // May be reordered by the caller.
  std::vector<ExpertPart>& parts(int device) { return parts_[device]; }
  std::vector<ExpertPart>& unplaced() { return unplaced_; }

  // Rows of the busiest device over the mean, each by its speed; 1 when no
  // device has any.
  double Imbalance() const;

 private:
  void CutGroup(const ExpertPart& group, absl::Span<const int> devices,
                absl::Span<const double> shares);

  const std::vector<double> speeds_;
  const ExpertPlanOptions options_;
  LoadBalancer balancer_;
  std::vector<double> loads_;
  std::vector<ExpertPart> groups_;
  std::vector<std::vector<int>> group_replicas_;
  std::vector<std::vector<ExpertPart>> parts_;  // by device
  std::vector<ExpertPart> unplaced_;
  std::vector<double> times_;  // by device; of MoveColdPartsHome
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_EXPERTS_EXPERT_PLAN_H_
