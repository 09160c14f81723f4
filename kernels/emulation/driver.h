// The emulated cards of this process and the files that are open on them: what
// the hooks in libc_hooks.cc ask whenever the process opens, maps, polls or
// controls a file.
//
// Until Start there is no driver, and the hooks do nothing but find that out.

#ifndef MOEVIT_KERNELS_EMULATION_DRIVER_H_
#define MOEVIT_KERNELS_EMULATION_DRIVER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "kernels/emulation/emulated_card.h"
#include "kernels/emulation/faults.h"
#include "kernels/emulation/file_tree.h"

namespace moevit::emulation {

// Thread safe.
class Driver {
 public:
  static constexpr int kMaxCards = 16;

  // Null until Start. A hook may ask before anything of this process is
  // initialized.
  static Driver* Get() { return instance_.load(std::memory_order_acquire); }

  // Creates the cards, once per process and before XRT looks for any. Returns
  // 0 or an error number.
  static int Start(int cards);

  FaultPlan& faults() { return faults_; }
  size_t card_count() const { return cards_.size(); }
  EmulatedCard& card(size_t index) { return *cards_[index]; }

  // Where the file is that stands for `path`, brought up to date; empty when
  // `path` is none of an emulated card's.
  std::string Redirect(const char* path);

  // The card whose device file `path` is; null when it is none.
  EmulatedCard* CardOfDeviceFile(const char* path);

  // Opens the card's device file. -1, with errno set, on a failure.
  int Open(EmulatedCard* card, int flags);

  // Whether `fd` is one that Open gave.
  bool IsOpen(int fd) const {
    return fd >= 0 && fd < kMaxFiles &&
           is_open_[static_cast<size_t>(fd)].load(std::memory_order_acquire);
  }
  std::shared_ptr<OpenFile> file(int fd);  // null when !IsOpen(fd)
  void Close(int fd);                      // does not close `fd` itself

 private:
  static constexpr int kMaxFiles = 65536;

  Driver() = default;
  int Create(int cards);
  void ListRealCards();
  void OfferXrt();
  EmulatedCard* CardOfNode(const std::string& path);

  // Never destroyed: files are closed until the very end of the process.
  static constinit std::atomic<Driver*> instance_;

  FaultPlan faults_;
  // Constant once created.
  FileTree tree_;
  std::vector<std::unique_ptr<EmulatedCard>> cards_;

  std::array<std::atomic<bool>, kMaxFiles> is_open_ = {};
  Mutex mutex_;
  std::map<int, std::shared_ptr<OpenFile>> files_ ABSL_GUARDED_BY(mutex_);
};

// Answers one request (ioctl) on an open device file. Returns 0 or an error
// number.
int HandleRequest(const std::shared_ptr<OpenFile>& file, unsigned long request,
                  void* argument);

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_DRIVER_H_
