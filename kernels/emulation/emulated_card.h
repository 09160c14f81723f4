// One emulated card: what the xocl driver and the hardware behind it would do
// for the requests that XRT makes on the card's device file.

#ifndef MOEVIT_KERNELS_EMULATION_EMULATED_CARD_H_
#define MOEVIT_KERNELS_EMULATION_EMULATED_CARD_H_

#include <ert.h>
#include <xocl_ioctl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "kernels/emulation/card_memory.h"
#include "kernels/emulation/card_nodes.h"
#include "kernels/emulation/command.h"
#include "kernels/emulation/faults.h"
#include "kernels/emulation/loaded_image.h"
#include "kernels/emulation/power_model.h"

namespace moevit::emulation {

// Thread safe. Functions that return int give 0 or an error number.
class EmulatedCard {
 public:
  // `tree` and `faults` must outlive the card.
  EmulatedCard(int index, FileTree* tree, FaultPlan* faults);

  const CardNodes& nodes() const { return nodes_; }
  int index() const { return index_; }
  CardState& state() { return state_; }

  // Brings the nodes in /sys up to date that `path` is one of. Power is
  // sampled at most once per second, as on a real card.
  void Refresh(std::string_view path);
  double SamplePower();  // at once; joules since the start

  // Buffers in the card's memory now.
  int64_t BufferCount();

  // That all units together have been busy since the image was loaded.
  int64_t UnitNanoseconds();

  std::shared_ptr<OpenFile> Open();
  void Close(const std::shared_ptr<OpenFile>& file);

  // The card's answers to requests (ioctl).
  int LoadImage(const drm_xocl_axlf& request);
  int ChangeContext(OpenFile* file, const drm_xocl_ctx& request);
  int CreateBuffer(OpenFile* file, const BufferObject::Request& request,
                   uint32_t* handle);
  int CloseBuffer(OpenFile* file, uint32_t handle);
  int Copy(OpenFile* file, const drm_xocl_sync_bo& request);
  int Execute(const std::shared_ptr<OpenFile>& file, uint32_t packet_handle);
  // EBUSY while a process uses something of the card: the driver kills it then.
  int Reset();

  // The file to map for an offset in the device file; -1 when there is none.
  int MappedFile(uint64_t offset, uint64_t bytes);

 private:
  bool IsOffline();
  bool InUse() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool AnyContextOpen() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetClosedFiles() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int Start(const std::shared_ptr<OpenFile>& file,
            std::shared_ptr<BufferObject> packet);
  void Abort(OpenFile* file, Command abort);

  const int index_;
  FaultPlan* const faults_;
  CardNodes nodes_;
  CardMemory memory_;
  CardState state_;

  Mutex mutex_;
  std::vector<std::weak_ptr<OpenFile>> files_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<LoadedImage> image_ ABSL_GUARDED_BY(mutex_);

  Mutex power_mutex_;
  PowerModel power_ ABSL_GUARDED_BY(power_mutex_);
  int64_t power_sampled_ns_ ABSL_GUARDED_BY(power_mutex_) = 0;
};

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_EMULATED_CARD_H_
