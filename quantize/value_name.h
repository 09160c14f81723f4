// What the name of an activation says about it.

#ifndef MOEVIT_QUANTIZE_VALUE_NAME_H_
#define MOEVIT_QUANTIZE_VALUE_NAME_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace moevit {

enum class ValueKind {
  kResidual,  // the residual stream, from the embedding on
  kNorm,      // after a layer norm
  kQkv,       // queries, keys and values
  kMixed,     // values mixed by attention
  kHidden,    // between the two linear layers of an MLP
  kOther,     // for example the logits
};

// The block of "blocks.3.norm1"; nothing for values outside of the blocks.
std::optional<int> BlockOf(absl::string_view name);

// By the last part of the name; kOther for a name that is not known.
ValueKind KindOf(absl::string_view name);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_VALUE_NAME_H_
