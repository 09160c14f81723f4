#include "kernels/expert_load.h"

#include <algorithm>
#include <cstddef>
#include <variant>

#include "absl/types/span.h"
#include "scheduler/experts/expert_groups.h"

namespace moevit {
namespace {

int64_t Elements(const Matrix& matrix) {
  return int64_t{matrix.in} * matrix.out;
}

// Of one expert; all of a layer are alike.
int64_t ExpertBytes(const Program& program, ValueId routing) {
  int64_t bytes = 0;
  for (const Op& op : program.ops) {
    if (const auto* const linear = std::get_if<ExpertLinearOp>(&op.body);
        linear != nullptr && linear->routing == routing) {
      bytes += Elements(linear->experts[0].matrix);
    }
    if (const auto* const combine = std::get_if<ExpertCombineOp>(&op.body);
        combine != nullptr && combine->routing == routing) {
      bytes += Elements(combine->experts[0]);
    }
  }
  return bytes;
}

}  // namespace

ExpertLoadCounter::ExpertLoadCounter(const Program& program, int tile_rows)
    : tile_rows_(tile_rows) {
  for (const Op& op : program.ops) {
    const auto* const gate = std::get_if<GateOp>(&op.body);
    if (gate == nullptr) continue;
    layers_.push_back(
        {gate->output, gate->experts, ExpertBytes(program, gate->output)});
  }
}

void ExpertLoadCounter::AddRun(absl::FunctionRef<const int32_t*(ValueId)> first,
                               ExpertLoad* load) const {
  load->tokens.resize(std::max(load->tokens.size(), layers_.size()));
  for (size_t number = 0; number < layers_.size(); ++number) {
    const Layer& layer = layers_[number];
    std::vector<int64_t>& tokens = load->tokens[number];
    tokens.resize(layer.experts);
    const auto groups =
        absl::MakeConstSpan(first(layer.routing), layer.experts + 1);
    for (int e = 0; e < layer.experts; ++e) {
      const int32_t received = groups[e + 1] - groups[e];
      tokens[e] += received;
      if (received == 0) continue;
      ++load->weight_loads;
      load->weight_bytes += layer.expert_bytes;
    }
    load->rows += groups.back();
    load->rows_in_tiles += RowsInTiles(groups, tile_rows_);
  }
  const auto layers = static_cast<int64_t>(layers_.size());
  load->layers += layers;
  load->imbalance_sum += 1000 * layers;
}

}  // namespace moevit
