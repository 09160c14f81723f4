// One opening of a card: the device, the image on it, its units and buffers,
// from OpenXrtCard or a reset to the next reset.

#ifndef MOEVIT_KERNELS_CARD_XRT_SESSION_H_
#define MOEVIT_KERNELS_CARD_XRT_SESSION_H_

#include <experimental/xrt_xclbin.h>
#include <xrt/xrt_device.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "kernels/card/copy_thread.h"
#include "kernels/card/launch_watcher.h"
#include "kernels/card/operation_state.h"
#include "kernels/card/xrt_buffer.h"
#include "kernels/card/xrt_card.h"
#include "kernels/card/xrt_unit.h"

namespace moevit {

// Thread safe, apart from Open and Close.
class XrtSession {
 public:
  // Opens the card, unless `device` is it: XRT keeps a thread and its stack for
  // every opening of a card that has kernels, for as long as the process lives.
  static absl::StatusOr<std::unique_ptr<XrtSession>> Open(
      const XrtCardOptions& options, xrt::device device = {});

  // Closes with little patience, unless Close was called. REQUIRES: Close has
  // succeeded, or nothing was launched or copied.
  ~XrtSession();
  XrtSession(const XrtSession&) = delete;
  XrtSession& operator=(const XrtSession&) = delete;

  const std::string& shell() const { return shell_; }
  // Whether Close was called.
  bool closing() const { return closing_; }
  const std::vector<std::shared_ptr<XrtUnit>>& units() const { return units_; }
  const xrt::device& device() const { return device_; }

  absl::StatusOr<std::shared_ptr<XrtMemory>> Allocate(size_t bytes, int bank);

  // See Card::Launch. REQUIRES: `unit` is one of units().
  absl::StatusOr<std::shared_ptr<OperationState>> Launch(
      size_t unit, absl::Span<const KernelArgument> arguments);

  // See Card::CopyToCard and CopyFromCard.
  absl::StatusOr<std::shared_ptr<OperationState>> Copy(
      XrtBuffer* buffer, xclBOSyncDirection direction, size_t offset,
      size_t bytes);

  absl::StatusOr<double> PowerWatts() const;

  // Ends everything in flight and gives the card's memory back. False when
  // something has not ended by `deadline`: the card may still write to its
  // buffers, so they all stay, and the session has to. Nothing can be started
  // any more; Close may be asked again.
  bool Close(absl::Time deadline);

  // Resets the card, as `xbutil reset` does, by `device`, which XRT closes and
  // opens for that, or else by one that it opens; returns it. REQUIRES: nothing
  // else of this process has the card open, since the driver kills processes
  // that have (SIGBUS). kDeadlineExceeded when the card is not back in time,
  // kUnavailable when it is offline or this XRT has no way to reset it.
  static absl::StatusOr<xrt::device> ResetCard(const XrtCardOptions& options,
                                               xrt::device device);

 private:
  XrtSession() = default;
  absl::Status OpenDevice(const XrtCardOptions& options);
  absl::Status LoadImage(const XrtCardOptions& options);
  void CreateUnits(const xrt::xclbin& image);
  absl::Status WatchLaunches();
  bool AbortLaunches(absl::Time deadline);

  // Constant once open.
  std::string shell_;
  xrt::device device_;
  std::vector<std::shared_ptr<XrtUnit>> units_;
  std::set<int> banks_;  // that units reach

  bool closing_ = false;

  std::unique_ptr<LaunchWatcher> watcher_;  // null until the image is loaded
  CopyThread to_card_;
  CopyThread from_card_;
  // What asks the driver to abort launches, and how that went; null while
  // nobody has asked.
  std::unique_ptr<CopyThread> aborter_;
  std::shared_ptr<OperationState> aborted_;

  Mutex mutex_;
  std::vector<std::weak_ptr<XrtMemory>> memory_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_XRT_SESSION_H_
