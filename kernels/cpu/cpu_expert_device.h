// Experts on the processor: weights are packed when an expert is loaded and
// freed when it is evicted. Gives the same bits as the CPU executor.
//
// The device of last resort, and a stand-in for cards where there are none.

#ifndef MOEVIT_KERNELS_CPU_CPU_EXPERT_DEVICE_H_
#define MOEVIT_KERNELS_CPU_CPU_EXPERT_DEVICE_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "kernels/cpu/isa.h"
#include "kernels/expert_device.h"
#include "program/program.h"

namespace moevit {

struct CpuExpertDeviceOptions {
  std::string name = "cpu";

  // Most bytes of packed weights at a time.
  int64_t memory_bytes = std::numeric_limits<int64_t>::max();

  // Threads that compute, the caller of Run included. REQUIRES: at least 1.
  int threads = 1;

  // See ChooseIsa. REQUIRES: IsaAvailable.
  std::optional<Isa> isa = std::nullopt;
};

// The experts of `program`, which must have passed VerifyProgram and must
// outlive the device. Load returns when the weights are packed. Run allocates
// nothing once it has seen the largest number of parts. Errors as for
// FindExpertLayers.
absl::StatusOr<std::unique_ptr<ExpertDevice>> NewCpuExpertDevice(
    const Program* program, const CpuExpertDeviceOptions& options);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CPU_CPU_EXPERT_DEVICE_H_
