// How fast a card runs a program: MODELLED. No figure here was measured on a
// card.
//
// A batch passes its ops one after the other, each waited for. Several batches
// are in flight, so that copies, the units of each kernel and the host work on
// different ones. Per batch, each of these is busy for
//
//   a kernel    sum over its launches of (gap + run), divided by its units
//   PCIe        sum over the copies of a direction of (start + bytes / rate)
//   memory      bytes / (banks * bandwidth * efficiency), the banks of
//               activations and those of weights apart
//   in flight   latency / batches in flight
//
// and a batch leaves the card each time that the busiest of them is done:
//
//   run         max(cycles / clock, bytes of the busiest port / its rate)
//   latency     sum over all launches of (launch + run) and of all copies
//   images/s    batch / max over what is busy
//
// What the host computes, sorting tokens by expert and copying pixels, is not
// in it.

#ifndef MOEVIT_PLANNER_PLAN_H_
#define MOEVIT_PLANNER_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "planner/card_description.h"
#include "planner/program_launches.h"
#include "planner/timing.h"
#include "program/program.h"

namespace moevit::planner {

// What takes most of an op's time.
enum class Bound { kCompute, kMemory, kLaunch, kPcie };

// "compute", "memory", "launch", "PCIe".
const char* BoundName(Bound bound);

struct OpPlan {
  std::string name;
  std::string kind;
  int launches = 0;
  int64_t cycles = 0;
  int64_t products = 0;
  int64_t weight_bytes = 0;
  int64_t activation_bytes = 0;
  int64_t copied_bytes = 0;      // between host and card
  double run_seconds = 0;        // of kernels
  double seconds = 0;            // with launches and copies
  double multiplier_cycles = 0;  // products by what its kernels make per cycle
  Bound bound = Bound::kCompute;

  // Part of the cycles in which multipliers do what was asked for; 0 for ops
  // without any. Gates multiply in the vector unit: not counted.
  double Utilization() const {
    return cycles == 0 ? 0 : multiplier_cycles / static_cast<double>(cycles);
  }
};

// Something that a batch keeps busy.
struct Stage {
  std::string name;
  double seconds = 0;  // per batch
};

struct PlanOptions {
  int batch = 8;
  // 0: as many as the server has (BatchesInFlight of card_units.h).
  int batches_in_flight = 0;
  const ExpertLoad* load = nullptr;  // see BatchShape
  Timing timing = {};
  Power power = {};
};

struct Plan {
  int batch = 0;
  int batches_in_flight = 0;
  std::vector<OpPlan> ops;  // pixels and logits included
  std::vector<Stage> stages;
  int64_t products = 0;        // of the batch
  double latency_seconds = 0;  // of a batch that is alone on the card
  double period_seconds = 0;   // from batch to batch
  double watts = 0;

  double ImagesPerSecond() const { return batch / period_seconds; }
  double ProductsPerSecond() const {
    return static_cast<double>(products) / period_seconds;
  }
  // The stage that limits ImagesPerSecond.
  const Stage& Limit() const;
};

// Errors: those of LaunchesOf. Does not ask whether the units fit the card.
absl::StatusOr<Plan> MakePlan(const Program& program,
                              const CardDescription& card,
                              const PlanOptions& options);

// One row for each kind of op, in order of first appearance; bound by what most
// of their time is.
std::vector<OpPlan> SumByKind(const std::vector<OpPlan>& ops);

}  // namespace moevit::planner

#endif  // MOEVIT_PLANNER_PLAN_H_
