// What the attention and vector kernels have room for. They do not check: a
// program is held to these limits when it is loaded.

#ifndef MOEVIT_KERNELS_CARD_KERNEL_LIMITS_H_
#define MOEVIT_KERNELS_CARD_KERNEL_LIMITS_H_

#include "absl/status/status.h"
#include "kernels/hls/descriptor.h"

namespace moevit::card {

// Each returns kUnimplemented, with the sizes, for a launch that does not fit.
absl::Status CheckFits(const hls::AttentionHeader& header);
absl::Status CheckFits(const hls::GateHeader& header);
absl::Status CheckFits(const hls::PatchesHeader& header);
// Of layer norm, combination and pooling.
absl::Status CheckVectorWidth(int width);

}  // namespace moevit::card

#endif  // MOEVIT_KERNELS_CARD_KERNEL_LIMITS_H_
