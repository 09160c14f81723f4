#include "planner/plan.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "base/status_macros.h"
#include "kernels/card/card_units.h"
#include "kernels/hls/attention_model.h"
#include "kernels/hls/linear_model.h"
#include "kernels/hls/word.h"

namespace moevit::planner {
namespace {

constexpr double kMega = 1e6;

// Rates of one configuration.
struct Rates {
  Rates(const CardDescription& card, const Timing& timing)
      : clock(card.sizes.megahertz * kMega),
        bank(card.sizes.memory.megabytes_per_second * kMega *
             timing.memory_efficiency),
        port(std::min(clock * hls::kWordBytes, bank)),
        products_per_cycle{
            hls::LinearProducts(card.sizes.linear),
            hls::AttentionProductsPerCycle(card.sizes.attention_queries), 0} {}

  double clock;  // Hz
  double bank;   // bytes per second, also below
  double port;
  std::array<int, kCardKernels> products_per_cycle;  // by CardKernel
};

double RunSeconds(const Launch& launch, const Rates& rates) {
  return std::max(static_cast<double>(launch.cycles) / rates.clock,
                  static_cast<double>(launch.busiest_port_bytes) / rates.port);
}

double CopySeconds(const Copies& copies, double bytes_per_second,
                   const Timing& timing) {
  return copies.count * timing.copy_seconds +
         static_cast<double>(copies.bytes) / bytes_per_second;
}

double ToCardSeconds(const OpLaunches& op, const Timing& timing) {
  return CopySeconds(op.to_card, timing.to_card_bytes_per_second, timing);
}

double FromCardSeconds(const OpLaunches& op, const Timing& timing) {
  return CopySeconds(op.from_card, timing.from_card_bytes_per_second, timing);
}

Bound BoundOf(const OpPlan& op, double compute, double launch, double copy) {
  if (copy >= op.run_seconds && copy >= launch) return Bound::kPcie;
  if (launch > op.run_seconds) return Bound::kLaunch;
  return op.run_seconds > compute ? Bound::kMemory : Bound::kCompute;
}

OpPlan PlanOp(const OpLaunches& op, const Rates& rates, const Timing& timing) {
  OpPlan plan;
  plan.name = op.name;
  plan.kind = op.kind;
  plan.launches = static_cast<int>(op.launches.size());
  plan.copied_bytes = op.to_card.bytes + op.from_card.bytes;
  for (const Launch& launch : op.launches) {
    plan.cycles += launch.cycles;
    plan.products += launch.products;
    plan.weight_bytes += launch.weight_bytes;
    plan.activation_bytes += launch.activation_bytes;
    plan.run_seconds += RunSeconds(launch, rates);
    const int per_cycle =
        rates.products_per_cycle[static_cast<size_t>(launch.kernel)];
    if (per_cycle > 0) {
      plan.multiplier_cycles +=
          static_cast<double>(launch.products) / per_cycle;
    }
  }
  const double launches = plan.launches * timing.launch_seconds;
  const double copies = ToCardSeconds(op, timing) + FromCardSeconds(op, timing);
  plan.seconds = plan.run_seconds + launches + copies;
  plan.bound = BoundOf(plan, static_cast<double>(plan.cycles) / rates.clock,
                       launches, copies);
  return plan;
}

// Units of a kernel, by CardKernel.
std::array<int, kCardKernels> UnitsOf(const CardDescription& card) {
  return {card.sizes.units.linear, card.sizes.units.attention,
          card.sizes.units.vector};
}

std::vector<Stage> KernelStages(const std::vector<OpLaunches>& ops,
                                const CardDescription& card, const Rates& rates,
                                const Timing& timing) {
  std::vector<Stage> stages = {
      {"linear units", 0}, {"attention units", 0}, {"vector units", 0}};
  const std::array<int, kCardKernels> units = UnitsOf(card);
  for (const OpLaunches& op : ops) {
    for (const Launch& launch : op.launches) {
      const auto kernel = static_cast<size_t>(launch.kernel);
      stages[kernel].seconds +=
          (timing.launch_gap_seconds + RunSeconds(launch, rates)) /
          units[kernel];
    }
  }
  return stages;
}

std::vector<Stage> TransferStages(const std::vector<OpLaunches>& ops,
                                  const CardDescription& card,
                                  const Rates& rates, const Timing& timing) {
  Stage to_card = {"PCIe to the card", 0};
  Stage from_card = {"PCIe from the card", 0};
  Stage activations = {"memory: activations", 0};
  Stage weights = {"memory: weights", 0};
  const int weight_banks = card.sizes.memory.banks - card.activation_banks;
  for (const OpLaunches& op : ops) {
    to_card.seconds += ToCardSeconds(op, timing);
    from_card.seconds += FromCardSeconds(op, timing);
    for (const Launch& launch : op.launches) {
      activations.seconds += static_cast<double>(launch.activation_bytes) /
                             (rates.bank * card.activation_banks);
      weights.seconds += static_cast<double>(launch.weight_bytes) /
                         (rates.bank * weight_banks);
    }
  }
  return {to_card, from_card, activations, weights};
}

}  // namespace

const char* BoundName(Bound bound) {
  switch (bound) {
    case Bound::kCompute:
      return "compute";
    case Bound::kMemory:
      return "memory";
    case Bound::kLaunch:
      return "launch";
    case Bound::kPcie:
      return "PCIe";
  }
  return "";
}

const Stage& Plan::Limit() const {
  return *std::max_element(
      stages.begin(), stages.end(),
      [](const Stage& a, const Stage& b) { return a.seconds < b.seconds; });
}

absl::StatusOr<Plan> MakePlan(const Program& program,
                              const CardDescription& card,
                              const PlanOptions& options) {
  MOEVIT_ASSIGN_OR_RETURN(
      const std::vector<OpLaunches> ops,
      LaunchesOf(program, {card.sizes.linear, card.sizes.attention_queries},
                 {options.batch, options.load}));
  const Timing& timing = options.timing;
  const Rates rates(card, timing);
  Plan plan;
  plan.batch = options.batch;
  plan.batches_in_flight = options.batches_in_flight;
  if (plan.batches_in_flight == 0) {
    plan.batches_in_flight = BatchesInFlight(card.sizes.units);
  }
  for (const OpLaunches& op : ops) {
    plan.ops.push_back(PlanOp(op, rates, timing));
    plan.products += plan.ops.back().products;
    plan.latency_seconds += plan.ops.back().seconds;
  }
  plan.stages = KernelStages(ops, card, rates, timing);
  for (Stage& stage : TransferStages(ops, card, rates, timing)) {
    plan.stages.push_back(std::move(stage));
  }
  plan.stages.push_back(
      {"batches in flight", plan.latency_seconds / plan.batches_in_flight});
  plan.period_seconds = plan.Limit().seconds;
  plan.watts = options.power.idle_watts +
               options.power.joules_per_product * plan.ProductsPerSecond();
  return plan;
}

std::vector<OpPlan> SumByKind(const std::vector<OpPlan>& ops) {
  std::vector<OpPlan> kinds;
  std::vector<std::array<double, 4>> seconds;  // by kind, by Bound
  for (const OpPlan& op : ops) {
    size_t k = 0;
    while (k < kinds.size() && kinds[k].kind != op.kind) ++k;
    if (k == kinds.size()) {
      kinds.emplace_back().kind = op.kind;
      kinds[k].name = op.kind;
      seconds.push_back({});
    }
    OpPlan& sum = kinds[k];
    sum.launches += op.launches;
    sum.cycles += op.cycles;
    sum.products += op.products;
    sum.weight_bytes += op.weight_bytes;
    sum.activation_bytes += op.activation_bytes;
    sum.copied_bytes += op.copied_bytes;
    sum.run_seconds += op.run_seconds;
    sum.seconds += op.seconds;
    sum.multiplier_cycles += op.multiplier_cycles;
    std::array<double, 4>& of_bound = seconds[k];
    of_bound[static_cast<size_t>(op.bound)] += op.seconds;
    sum.bound = static_cast<Bound>(
        std::max_element(of_bound.begin(), of_bound.end()) - of_bound.begin());
  }
  return kinds;
}

}  // namespace moevit::planner
