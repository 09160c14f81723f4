// One compute unit in XRT: its kernel object and its launches.

#ifndef MOEVIT_KERNELS_CARD_XRT_UNIT_H_
#define MOEVIT_KERNELS_CARD_XRT_UNIT_H_

#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "kernels/card/card.h"
#include "kernels/card/operation_state.h"
#include "kernels/card/xrt_buffer.h"

namespace moevit {

// Thread safe, apart from Create: XRT 2.13 does not allow two at a time.
class XrtUnit : public std::enable_shared_from_this<XrtUnit> {
 public:
  // Fills the banks of `description` in. Throws what XRT throws.
  //   start_mutex  the same for all units of a card: launches start one at a
  //                time, because XRT forgets the latest one, whoever's it is,
  //                when one fails to start
  static std::shared_ptr<XrtUnit> Create(const xrt::device& device,
                                         const xrt::uuid& image,
                                         ComputeUnit description,
                                         std::shared_ptr<Mutex> start_mutex);

  const ComputeUnit& description() const { return description_; }

  // See Card::Launch.
  absl::StatusOr<std::shared_ptr<OperationState>> Launch(
      absl::Span<const KernelArgument> arguments);

  // Stops the launches in flight. May block for as long as the driver likes.
  void Abort();

 private:
  // One of XRT's run objects, which are used again and again: a new one costs
  // a command buffer and a callback.
  struct Slot {
    xrt::run run;
    bool in_use = false;  // for good when XRT did not start it
    std::shared_ptr<OperationState> state;
    std::vector<std::shared_ptr<XrtMemory>> buffers;  // kept while it runs
  };

  XrtUnit(ComputeUnit description, std::shared_ptr<Mutex> start_mutex)
      : description_(std::move(description)),
        start_mutex_(std::move(start_mutex)) {}
  absl::Status CheckArgument(size_t index,
                             const KernelArgument& argument) const;
  absl::Status Check(absl::Span<const KernelArgument> arguments);
  absl::StatusOr<Slot*> TakeSlot();
  void AddCallback(Slot* slot);
  absl::Status SetArguments(absl::Span<const KernelArgument> arguments,
                            Slot* slot);
  void End(Slot* slot, const absl::Status& status);
  void Retire(Slot* slot);

  // Constant once created.
  ComputeUnit description_;
  xrt::kernel kernel_;
  const std::shared_ptr<Mutex> start_mutex_;

  Mutex mutex_;
  // Whether a launch was given up: nobody knows what the unit does.
  bool late_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<Slot>> slots_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_XRT_UNIT_H_
