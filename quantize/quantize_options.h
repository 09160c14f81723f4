// What a user chooses when quantizing a model.

#ifndef MOEVIT_QUANTIZE_QUANTIZE_OPTIONS_H_
#define MOEVIT_QUANTIZE_QUANTIZE_OPTIONS_H_

#include <functional>

#include "absl/strings/string_view.h"

namespace moevit {

enum class Scheme {
  kMinMax,  // the plain baseline: ranges as seen, weights to nearest
  kCoqmoe,  // dual-stage quantization; see docs/quantization.md
};

// "minmax" or "coqmoe", as on the command line.
inline absl::string_view SchemeName(Scheme scheme) {
  return scheme == Scheme::kMinMax ? "minmax" : "coqmoe";
}

struct QuantizeOptions {
  Scheme scheme = Scheme::kCoqmoe;
  // Of the softmax numerators: 4 (16 levels) or 8 (256 levels).
  int attention_bits = 8;
  // An expert that sees fewer calibration tokens is calibrated on all tokens
  // of its layer instead.
  int min_expert_tokens = 64;
  // See ProgressOptions::sink.
  std::function<void(absl::string_view)> progress_sink;
};

// The parts of the dual-stage scheme, so that each can be left out.
struct Techniques {
  // Stage one after a layer norm: a range per channel, widened by a margin,
  // instead of one range for the tensor.
  bool per_channel_norm = true;
  // Per-channel scales for v; q and k balanced against each other.
  bool per_channel_qkv = true;
  // Chooses the step of the softmax levels for each head.
  bool search_attention_steps = true;
  bool compensate_rounding = true;
  bool correct_bias = true;

  static Techniques Of(Scheme scheme) {
    if (scheme == Scheme::kCoqmoe) return {};
    return {false, false, false, false, false};
  }
};

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_QUANTIZE_OPTIONS_H_
