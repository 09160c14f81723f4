// What a user chooses when quantizing a model.

#ifndef MOEVIT_QUANTIZE_QUANTIZE_OPTIONS_H_
#define MOEVIT_QUANTIZE_QUANTIZE_OPTIONS_H_

#include <functional>

#include "absl/strings/string_view.h"
#include "quantize/techniques.h"

namespace moevit {

struct QuantizeOptions {
  Scheme scheme = Scheme::kCoqmoe;
  // Parts of the scheme can be left out, to see what they are worth.
  Techniques allowed;
  // Of the softmax numerators: 4 (16 levels) or 8 (256 levels).
  int attention_bits = 8;
  // An expert that sees fewer calibration tokens is calibrated on all tokens
  // of its layer instead.
  int min_expert_tokens = 64;
  // See ProgressOptions::sink.
  std::function<void(absl::string_view)> progress_sink;
};

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_QUANTIZE_OPTIONS_H_
