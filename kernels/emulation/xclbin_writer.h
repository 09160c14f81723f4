// Writes .xclbin containers (XRT's axlf) for emulated cards, without Vitis and
// without xclbinutil.

#ifndef MOEVIT_KERNELS_EMULATION_XCLBIN_WRITER_H_
#define MOEVIT_KERNELS_EMULATION_XCLBIN_WRITER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kernels/emulation/xclbin_spec.h"

namespace moevit::emulation {

// The container with `bitstream`, the kernels' shared object, in it. The same
// for the same input, with a UUID that depends on all of it. Returns the error
// of Check(spec).
absl::StatusOr<std::string> WriteXclbin(const XclbinSpec& spec,
                                        absl::string_view bitstream);

// The XML document in it that tells XRT the kernels' parameters and registers.
std::string KernelMetadata(const XclbinSpec& spec);

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_XCLBIN_WRITER_H_
