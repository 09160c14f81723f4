#include "planner/budget.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace moevit::planner {

std::vector<BudgetLine> BudgetOf(const CardDescription& card, int dsp_limit) {
  const hls::CardSizes& sizes = card.sizes;
  const hls::Resources need = hls::CardResources(sizes);
  const hls::Resources limit = hls::CardLimits(sizes);
  const hls::Resources& have = sizes.after_shell;
  const int dsps = dsp_limit == 0 ? limit.dsp : std::min(limit.dsp, dsp_limit);
  return {
      {"DSP", need.dsp, dsps, have.dsp},
      {"BRAM36", need.bram36, limit.bram36, have.bram36},
      {"URAM", need.uram, limit.uram, have.uram},
      {"LUT", need.lut, limit.lut, have.lut},
      // Two to a LUT.
      {"FF", FlipFlops(need.lut), 2 * int64_t{limit.lut},
       2 * int64_t{have.lut}},
      {"DSP of a linear and an attention unit, in one region",
       hls::PipelineDsps(sizes), have.dsp / sizes.regions},
      {"linear units, one per region", sizes.units.linear, sizes.regions},
      {"attention units, one per region", sizes.units.attention, sizes.regions},
      {"memory ports", hls::CardPorts(sizes), sizes.memory.most_ports},
      {"MB/s of the linear units", hls::LinearTraffic(sizes),
       hls::MemoryRate(sizes.memory)},
  };
}

absl::Status CheckBudget(const CardDescription& card, int dsp_limit) {
  for (const BudgetLine& line : BudgetOf(card, dsp_limit)) {
    if (line.need <= line.limit) continue;
    return absl::ResourceExhaustedError(
        absl::StrCat("the units do not fit a ", card.name, ": ", line.resource,
                     ": they need ", line.need, ", the limit is ", line.limit));
  }
  return absl::OkStatus();
}

}  // namespace moevit::planner
