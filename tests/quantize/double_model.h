// The whole model once more, as naive loops in double precision, written from
// the definition and sharing no code with quantize/: what the float forward
// pass is tested against.

#ifndef MOEVIT_TESTS_QUANTIZE_DOUBLE_MODEL_H_
#define MOEVIT_TESTS_QUANTIZE_DOUBLE_MODEL_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "model/checkpoint.h"

namespace moevit {

// pixels [image_size, image_size, channels] -> logits [classes].
std::vector<double> DoubleForward(const Checkpoint& checkpoint,
                                  absl::Span<const uint8_t> pixels);

}  // namespace moevit

#endif  // MOEVIT_TESTS_QUANTIZE_DOUBLE_MODEL_H_
