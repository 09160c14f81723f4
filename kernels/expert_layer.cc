#include "kernels/expert_layer.h"

#include <cstddef>
#include <type_traits>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

// The index of the only op of type T for which `wanted` holds.
template <typename T, typename Wanted>
absl::StatusOr<int> FindOnly(const Program& program, const Op& gate,
                             Wanted wanted) {
  int found = -1;
  for (size_t i = 0; i < program.ops.size(); ++i) {
    const T* const op = std::get_if<T>(&program.ops[i].body);
    if (op == nullptr || !wanted(*op)) continue;
    if (found >= 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "gate \"", gate.name, "\" leads to both \"", program.ops[found].name,
          "\" and \"", program.ops[i].name, "\"; only one can run elsewhere"));
    }
    found = static_cast<int>(i);
  }
  if (found < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "gate \"", gate.name, "\" leads to no pair of expert linears"));
  }
  return found;
}

// Whether codes of this value go into the op.
bool Reads(const Op& op, ValueId value) {
  return std::visit(
      [value](const auto& body) {
        if constexpr (std::is_same_v<decltype(body), const PatchEmbedOp&>) {
          return false;
        } else {
          return body.input == value;
        }
      },
      op.body);
}

}  // namespace

absl::StatusOr<std::vector<ExpertLayer>> FindExpertLayers(
    const Program& program) {
  std::vector<ExpertLayer> layers;
  for (size_t i = 0; i < program.ops.size(); ++i) {
    const Op& op = program.ops[i];
    const GateOp* const gate = std::get_if<GateOp>(&op.body);
    if (gate == nullptr) continue;
    ExpertLayer layer;
    layer.gate = static_cast<int>(i);
    MOEVIT_ASSIGN_OR_RETURN(layer.linear,
                            FindOnly<ExpertLinearOp>(
                                program, op, [&](const ExpertLinearOp& linear) {
                                  return linear.routing == gate->output;
                                }));
    MOEVIT_ASSIGN_OR_RETURN(
        layer.combine, FindOnly<ExpertCombineOp>(
                           program, op, [&](const ExpertCombineOp& combine) {
                             return combine.routing == gate->output;
                           }));
    const ValueId hidden =
        std::get<ExpertLinearOp>(program.ops[layer.linear].body).output;
    for (size_t reader = 0; reader < program.ops.size(); ++reader) {
      const bool combines = static_cast<int>(reader) == layer.combine;
      if (Reads(program.ops[reader], hidden) == combines) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          "the output of \"", program.ops[layer.linear].name, "\" is ",
          combines ? "not read by \"" : "also read by \"",
          program.ops[reader].name, "\""));
    }
    layers.push_back(layer);
  }
  return layers;
}

}  // namespace moevit
