#include "kernels/cpu/value_layout.h"

#include <variant>

namespace moevit::cpu {
namespace {

int ElementBytes(ElementType type) {
  switch (type) {
    case ElementType::kCode:
      return 1;
    case ElementType::kInt16:
      return 2;
    case ElementType::kRouting:
      break;
  }
  return 0;
}

}  // namespace

ValueLayouts::ValueLayouts(const Program& program) {
  for (const Value& value : program.values) {
    Layout layout;
    layout.rows = value.rows;
    layout.channels = value.channels;
    layout.stride = RoundUp(value.channels, kRowPadding);
    layout.element_bytes = ElementBytes(value.type);
    layouts_.push_back(layout);
  }
  for (const Op& op : program.ops) {
    const auto* const combine = std::get_if<ExpertCombineOp>(&op.body);
    if (combine == nullptr) continue;
    Layout outputs = layouts_[combine->output];
    outputs.stride *= channels(combine->routing);
    outputs.channels = static_cast<int>(outputs.stride);
    layouts_[combine->output].expert_outputs = count();
    layouts_.push_back(outputs);
  }
}

}  // namespace moevit::cpu
