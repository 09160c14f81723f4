// A command that XRT has handed to the driver: a packet (ERT's) in a buffer
// object, and the open file of the card through which it came.

#ifndef MOEVIT_KERNELS_EMULATION_COMMAND_H_
#define MOEVIT_KERNELS_EMULATION_COMMAND_H_

#include <ert.h>

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "kernels/emulation/card_memory.h"

namespace moevit::emulation {

class EmulatedCard;

// What one open of the card's device file owns. Thread safe.
class OpenFile {
 public:
  OpenFile(EmulatedCard* card, int completions)
      : card_(card), completions_(completions) {}
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  EmulatedCard* card() const { return card_; }

  // An event descriptor that counts this file's commands that have ended.
  int completions() const { return completions_; }
  void CountCompletion() const;

  uint32_t AddBuffer(std::shared_ptr<BufferObject> buffer);
  std::shared_ptr<BufferObject> buffer(uint32_t handle);  // null: unknown
  std::shared_ptr<BufferObject> TakeBuffer(uint32_t handle);
  std::vector<std::shared_ptr<BufferObject>> TakeAllBuffers();

  // Compute units that this file may use.
  bool OpenContext(uint32_t unit, bool exclusive);  // false: was open
  bool CloseContext(uint32_t unit);                 // false: was not
  void CloseAllContexts();
  bool HasContext(uint32_t unit);
  bool HasExclusiveContext(uint32_t unit);
  bool HasAnyContext();
  bool HasAnyBuffer();

 private:
  EmulatedCard* const card_;
  const int completions_;

  Mutex mutex_;
  uint32_t next_handle_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<uint32_t, std::shared_ptr<BufferObject>> buffers_
      ABSL_GUARDED_BY(mutex_);
  std::map<uint32_t, bool> contexts_ ABSL_GUARDED_BY(mutex_);  // exclusive?
};

struct Command {
  std::shared_ptr<OpenFile> file;
  std::shared_ptr<BufferObject> packet;
  std::vector<uint32_t> registers;  // of the unit, from address 0

  // Writes the state to the packet, where XRT reads it, and counts the
  // completion. Once per command.
  void End(ert_cmd_state state) const;
};

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_COMMAND_H_
