// What takes the place of the adapter in a build without XRT.

#include "kernels/card/xrt_card.h"
#include "kernels/card/xrt_location.h"

namespace moevit {

void LocateXrt() {}

absl::StatusOr<std::unique_ptr<Card>> OpenXrtCard(
    const XrtCardOptions& options) {
  return absl::UnimplementedError(
      "card " + options.bus_address +
      " cannot be opened: this program was built without XRT "
      "(MOEVIT_WITH_XRT)");
}

absl::StatusOr<std::vector<ComputeUnit>> ReadCardImage(
    const std::string& path) {
  return absl::UnimplementedError(
      "card image " + path +
      " cannot be read: this program was built without XRT "
      "(MOEVIT_WITH_XRT)");
}

}  // namespace moevit
