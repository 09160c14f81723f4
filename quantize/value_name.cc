#include "quantize/value_name.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace moevit {

std::optional<int> BlockOf(absl::string_view name) {
  if (!absl::ConsumePrefix(&name, "blocks.")) return std::nullopt;
  int block = 0;
  if (!absl::SimpleAtoi(name.substr(0, name.find('.')), &block) || block < 0) {
    return std::nullopt;
  }
  return block;
}

ValueKind KindOf(absl::string_view name) {
  // rfind gives npos for a name of one part, and npos + 1 is 0.
  const absl::string_view last = name.substr(name.rfind('.') + 1);
  if (last == "embedding" || absl::StartsWith(last, "residual")) {
    return ValueKind::kResidual;
  }
  if (absl::StartsWith(last, "norm")) return ValueKind::kNorm;
  if (last == "qkv") return ValueKind::kQkv;
  if (last == "mixed") return ValueKind::kMixed;
  if (last == "hidden") return ValueKind::kHidden;
  return ValueKind::kOther;
}

}  // namespace moevit
