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
  static std::shared_ptr<XrtUnit> Create(const xrt::device& device,
                                         const xrt::uuid& image,
                                         ComputeUnit description);

  const ComputeUnit& description() const { return description_; }

  // See Card::Launch. Somebody has to call CollectEnded for it to end.
  absl::StatusOr<std::shared_ptr<OperationState>> Launch(
      absl::Span<const KernelArgument> arguments);

  // Ends the launches that are over. True while others run.
  bool CollectEnded();

  // Stops the launches in flight, and takes no more. May block for as long as
  // the driver likes. False when some of them go on. May be asked again.
  // REQUIRES: nobody else waits for events of the card: XRT does itself here.
  bool Abort();

 private:
  // One of XRT's run objects, which are used again and again: a new one costs
  // a command buffer. They have no callbacks: those are called by a thread of
  // XRT that uses the card without keeping it alive, and that a launch which
  // fails to start leaves waiting for an event, for good.
  struct Run {
    xrt::run object;
    std::shared_ptr<OperationState> state;
    std::vector<std::shared_ptr<XrtMemory>> buffers;  // kept while it runs
  };

  explicit XrtUnit(ComputeUnit description)
      : description_(std::move(description)) {}
  absl::Status CheckArgument(size_t index,
                             const KernelArgument& argument) const;
  absl::Status Check(absl::Span<const KernelArgument> arguments);
  absl::StatusOr<std::unique_ptr<Run>> TakeRun();
  static void SetArguments(absl::Span<const KernelArgument> arguments,
                           Run* run);
  void End(std::unique_ptr<Run> run);

  // Constant once created.
  ComputeUnit description_;
  xrt::kernel kernel_;

  Mutex mutex_;
  // Whether a launch was given up: nobody knows what the unit does.
  bool late_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<Run>> idle_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Run>> running_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_XRT_UNIT_H_
