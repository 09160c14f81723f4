// Experts on a card that others may use as well: weights travel while what was
// loaded before runs, into places that they keep until they are evicted.

#ifndef MOEVIT_KERNELS_CARD_CARD_EXPERT_DEVICE_H_
#define MOEVIT_KERNELS_CARD_CARD_EXPERT_DEVICE_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "kernels/card/card_device.h"
#include "kernels/expert_device.h"
#include "program/program.h"

namespace moevit {

struct CardExpertDeviceOptions {
  // Most bytes of experts on the card at a time; as many on the host, which
  // copies from there. Whole experts are counted, all of the largest one's
  // size.
  int64_t memory_bytes = 0;

  // Which of the card's units run them, as for ResidentProgramOptions.
  int pipeline = 0;

  // Most assignments on the card at a time; more run one after the other.
  // REQUIRES: at least 1. Default: 4096.
  int32_t max_rows = 4096;
};

// What all experts of `program` take on the card; 0 without any. Errors as for
// NewCardExpertDevice.
absl::StatusOr<int64_t> ExpertBytesOn(CardDevice* card, const Program& program);

// The experts of `program`, which passed VerifyProgram and has some, named like
// the card. Blocks until the memory is there. Verifies as the card's options
// say: a row of every so many runs against the reference, or every run against
// a second one. The card and `program` must outlive the device. Returns
// kInvalidArgument, naming both sizes, for memory too small for one expert;
// kUnimplemented for experts too wide for the kernel; errors as for
// FindExpertLayers and those of a card that does not work or is full.
absl::StatusOr<std::unique_ptr<ExpertDevice>> NewCardExpertDevice(
    CardDevice* card, const Program* program,
    const CardExpertDeviceOptions& options);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_CARD_EXPERT_DEVICE_H_
