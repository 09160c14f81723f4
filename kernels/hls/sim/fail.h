// The end of a simulation that has found a bug in a kernel.

#ifndef MOEVIT_KERNELS_HLS_SIM_FAIL_H_
#define MOEVIT_KERNELS_HLS_SIM_FAIL_H_

#include <string>

namespace moevit {
namespace hls {
namespace sim {

// Writes the message to standard error and aborts.
[[noreturn]] void Fail(const std::string& message);

}  // namespace sim
}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_SIM_FAIL_H_
