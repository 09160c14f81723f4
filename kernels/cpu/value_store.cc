#include "kernels/cpu/value_store.h"

#include <variant>

#include "kernels/cpu/buffer_plan.h"
#include "kernels/cpu/packed_matrix.h"

namespace moevit::cpu {
namespace {

// Kernels read inputs in quads and vectors, a little past the last row.
constexpr int64_t kReadAhead = kAlignment;

int64_t ElementBytes(ElementType type) {
  switch (type) {
    case ElementType::kCode:
      return 1;
    case ElementType::kInt16:
      return 2;
    case ElementType::kRouting:
      break;
  }
  return 0;  // placed on its own
}

}  // namespace

ValueStore::ValueStore(const Program& program, int max_images) {
  std::vector<int64_t> bytes;
  for (const Value& value : program.values) {
    Layout layout;
    layout.rows = value.rows;
    layout.channels = value.channels;
    layout.stride = RoundUp(value.channels, kRowPadding);
    layouts_.push_back(layout);
    bytes.push_back(int64_t{max_images} * layout.rows * layout.stride *
                    ElementBytes(value.type));
  }
  std::vector<Lifetime> lifetimes = ValueLifetimes(program);
  // After the values: the expert outputs of each combination, in op order.
  std::vector<ValueId> combined;
  for (size_t i = 0; i < program.ops.size(); ++i) {
    const auto* op = std::get_if<ExpertCombineOp>(&program.ops[i].body);
    if (op == nullptr) continue;
    const int at = static_cast<int>(i);
    combined.push_back(op->output);
    // From the first linear on: what runs the experts elsewhere reads that
    // one's input and writes these in one go.
    lifetimes.push_back({lifetimes[op->input].first, at});
    bytes.push_back(int64_t{max_images} * rows(op->input) * stride(op->output) *
                    int64_t{sizeof(int16_t)});
  }
  const BufferPlan plan = PlanBuffers(lifetimes, bytes);
  block_ = memory_.AllocateArray<uint8_t>(plan.bytes + kReadAhead);
  for (size_t id = 0; id < layouts_.size(); ++id) {
    layouts_[id].offset = plan.offsets[id];
  }
  for (size_t i = 0; i < combined.size(); ++i) {
    layouts_[combined[i]].expert_outputs = plan.offsets[layouts_.size() + i];
  }
  for (const Op& op : program.ops) {
    if (const auto* gate = std::get_if<GateOp>(&op.body)) {
      layouts_[gate->output].routing =
          PlaceRouting(*gate, int64_t{max_images} * rows(gate->output));
    }
  }
}

Routing ValueStore::PlaceRouting(const GateOp& gate, int64_t tokens) {
  const int64_t assignments = tokens * gate.top_k;
  Routing routing;
  routing.experts = memory_.AllocateArray<uint16_t>(assignments);
  routing.weights = memory_.AllocateArray<uint16_t>(assignments);
  routing.first = memory_.AllocateArray<int32_t>(gate.experts + 1);
  routing.order = memory_.AllocateArray<int32_t>(assignments);
  routing.tokens = memory_.AllocateArray<int32_t>(assignments);
  return routing;
}

}  // namespace moevit::cpu
