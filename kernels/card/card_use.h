// Taking part in the use of a card that is kept in use over faults
// (card_device.h): nobody resets it meanwhile.

#ifndef MOEVIT_KERNELS_CARD_CARD_USE_H_
#define MOEVIT_KERNELS_CARD_CARD_USE_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "kernels/card/card_device.h"
#include "kernels/card/resident_program.h"
#include "program/program.h"

namespace moevit {

// Whether an error speaks against the card. A batch may be at fault, or not
// wanted any more, a program too large for the kernels or for what is free of
// the card's memory; everything else is the card's.
bool IsCardFault(const absl::Status& status);

// Errors that mean nothing by themselves to who holds an executor become
// kUnavailable.
absl::Status AsDeviceError(const absl::Status& status);

// From Begin for as long as it lives. Thread-compatible.
class CardUse {
 public:
  explicit CardUse(CardDevice* device) : device_(*device) {}
  CardUse(const CardUse&) = delete;
  CardUse& operator=(const CardUse&) = delete;
  ~CardUse() {
    if (begun_) device_.Leave(fault_);
  }

  // Brings the card back first if it failed. Returns kUnavailable if that
  // cannot be done, or not while others use it. To be called once.
  absl::Status Begin();
  // As Begin, and with the program on the card.
  absl::Status Begin(const Program* program, int pipeline);

  // Passes `status` on, and remembers whether it speaks against the card.
  absl::Status Judge(const absl::Status& status) {
    fault_ = fault_ || IsCardFault(status);
    return status;
  }

  // Of the second Begin.
  const std::shared_ptr<const ResidentProgram>& resident() const {
    return resident_;
  }
  // Changes when the card is brought back: what was on it before is void.
  int64_t generation() const { return generation_; }

 private:
  CardDevice& device_;
  bool begun_ = false;
  bool fault_ = false;
  int64_t generation_ = 0;
  std::shared_ptr<const ResidentProgram> resident_;
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_CARD_USE_H_
