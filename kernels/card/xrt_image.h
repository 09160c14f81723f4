// Card images (.xclbin) as XRT reads them, without a card.

#ifndef MOEVIT_KERNELS_CARD_XRT_IMAGE_H_
#define MOEVIT_KERNELS_CARD_XRT_IMAGE_H_

#include <experimental/xrt_xclbin.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/card/card.h"

namespace moevit {

// Errors as of ReadCardImage, in xrt_card.h.
absl::StatusOr<xrt::xclbin> OpenImage(const std::string& path);

// The units, without the banks that their pointers reach: those depend on the
// card. Throws what XRT throws.
std::vector<ComputeUnit> UnitsOf(const xrt::xclbin& image);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_XRT_IMAGE_H_
