// The words by which a config.json names the choices of a ModelConfig. For the
// reader and the writer of that file only.

#ifndef MOEVIT_MODEL_CONFIG_NAMES_H_
#define MOEVIT_MODEL_CONFIG_NAMES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "model/config.h"

namespace moevit {

template <typename Enum>
struct EnumName {
  absl::string_view name;
  Enum value;
};

// In each table the first name of a value is the one that is written.
inline constexpr EnumName<Pooling> kPoolings[] = {
    {"token", Pooling::kClassToken},
    {"mean", Pooling::kMean},
    {"avg", Pooling::kMean},
};
inline constexpr EnumName<ActivationKind> kActivations[] = {
    {"gelu", ActivationKind::kGelu},
    {"gelu_erf", ActivationKind::kGelu},
    {"gelu_tanh", ActivationKind::kGeluTanh},
    {"gelu_new", ActivationKind::kGeluTanh},
    {"gelu_pytorch_tanh", ActivationKind::kGeluTanh},
};
inline constexpr EnumName<GateOrder> kGateOrders[] = {
    {"topk_softmax", GateOrder::kTopKThenSoftmax},
    {"softmax_topk", GateOrder::kSoftmaxThenTopK},
};
inline constexpr EnumName<GateOrder> kGateTypes[] = {
    {"noisy_topk", GateOrder::kTopKThenSoftmax},
    {"naive", GateOrder::kTopKThenSoftmax},
    {"noisy_vmoe", GateOrder::kSoftmaxThenTopK},
    {"m3vit", GateOrder::kSoftmaxThenTopK},
};
inline constexpr EnumName<ResizeMode> kResizeModes[] = {
    {"shorter_side", ResizeMode::kShorterSide},
    {"center", ResizeMode::kShorterSide},
    {"exact", ResizeMode::kExact},
    {"squash", ResizeMode::kExact},
};
inline constexpr EnumName<Interpolation> kInterpolations[] = {
    {"bilinear", Interpolation::kBilinear},
    {"bicubic", Interpolation::kBicubic},
};

// The canonical name of `value`, which the table has.
template <typename Table, typename Enum>
std::string NameOf(const Table& table, Enum value) {
  for (const auto& entry : table) {
    if (entry.value == value) return std::string(entry.name);
  }
  return "unknown";
}

}  // namespace moevit

#endif  // MOEVIT_MODEL_CONFIG_NAMES_H_
