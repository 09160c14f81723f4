// The two quantization schemes and the parts that they consist of.

#ifndef MOEVIT_QUANTIZE_TECHNIQUES_H_
#define MOEVIT_QUANTIZE_TECHNIQUES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace moevit {

enum class Scheme {
  kMinMax,  // the plain baseline: ranges as seen, weights to nearest
  kCoqmoe,  // dual-stage quantization; see docs/quantization.md
};

// "minmax" or "coqmoe", as on the command line.
absl::string_view SchemeName(Scheme scheme);

// The parts of the dual-stage scheme, so that each can be left out.
struct Techniques {
  // Stage one after a layer norm: a range per channel, widened by a margin,
  // instead of one range for the tensor.
  bool per_channel_norm = true;
  // Per-channel scales for v; q and k balanced against each other.
  bool per_channel_qkv = true;
  // Chooses the step of the softmax levels for each head.
  bool search_attention_steps = true;
  // Rounds weights so that their errors cancel on correlated inputs.
  bool compensate_rounding = true;
  // Makes mean outputs those of the float layer.
  bool correct_bias = true;

  static Techniques Of(Scheme scheme);

  // Leaves out the technique that has the name of one of the members.
  // kInvalidArgument, listing the names, if none has.
  absl::Status Disable(absl::string_view name);
};

// The scheme's name and what is left out of it, for example
// "coqmoe without correct_bias".
std::string DescribeScheme(Scheme scheme, const Techniques& allowed);

// The techniques in both.
Techniques Both(const Techniques& a, const Techniques& b);

std::vector<std::string> TechniqueNames();

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_TECHNIQUES_H_
