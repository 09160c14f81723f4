// The memory of an emulated card. Every buffer has its own storage on the
// card's side, so that a forgotten copy shows as stale data, with an
// inaccessible page behind it, so that a kernel that runs off its end stops.

#ifndef MOEVIT_KERNELS_EMULATION_CARD_MEMORY_H_
#define MOEVIT_KERNELS_EMULATION_CARD_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "kernels/emulation/xclbin_reader.h"

namespace moevit::emulation {

constexpr uint64_t kPageBytes = 4096;

constexpr uint64_t RoundUpToPage(uint64_t bytes) {
  return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
}

// One buffer object of the driver. Constant after construction, apart from its
// bytes.
class BufferObject {
 public:
  struct Request {
    uint64_t bytes = 0;
    uint32_t flags = 0;    // XRT's: a bank number and XCL_BO_FLAGS_...
    void* user = nullptr;  // the host's side; null: to be mapped by the user
  };

  // Null when there is no memory.
  static std::shared_ptr<BufferObject> Create(const Request& request);

  ~BufferObject();
  BufferObject(const BufferObject&) = delete;
  BufferObject& operator=(const BufferObject&) = delete;

  uint64_t bytes() const { return bytes_; }
  uint32_t flags() const { return flags_; }
  uint32_t bank() const;
  bool is_packet() const;  // of a command: it has no card side

  uint8_t* host() const { return host_; }
  uint8_t* card() const { return card_; }  // null for a packet
  int file() const { return file_; }       // behind host(); -1 for the user's

  // Set by CardMemory.
  uint64_t address = 0;     // in the card's memory
  uint64_t map_offset = 0;  // for mmap

 private:
  BufferObject(uint64_t bytes, uint32_t flags) : bytes_(bytes), flags_(flags) {}
  bool MapHost(void* user);
  bool MapCard();

  const uint64_t bytes_;
  const uint32_t flags_;
  int file_ = -1;
  uint8_t* host_ = nullptr;
  uint8_t* card_ = nullptr;
};

// Which buffer lies where. Thread safe.
class CardMemory {
 public:
  // Empty banks: no image is loaded, and nothing can be placed.
  void SetBanks(std::vector<ImageBank> banks);

  // Gives the buffer an address in its bank and an offset for mmap. Returns 0,
  // EINVAL for a bank that the image does not use, ENOMEM when it is full.
  int Place(const std::shared_ptr<BufferObject>& buffer);
  void Remove(const BufferObject& buffer);

  // The buffer that the card's `address` lies in and the position there; null
  // when there is none.
  std::pair<std::shared_ptr<BufferObject>, uint64_t> Find(uint64_t address);
  std::shared_ptr<BufferObject> FindMapping(uint64_t map_offset);

  struct Usage {
    uint64_t bytes = 0;
    uint64_t buffers = 0;
  };
  std::vector<Usage> usage();  // of each bank

 private:
  // The lowest free address; false when the bank is full.
  bool FirstFit(const ImageBank& bank, uint64_t bytes, uint64_t* address) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  std::vector<ImageBank> banks_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, std::shared_ptr<BufferObject>> by_address_
      ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, std::shared_ptr<BufferObject>> by_offset_
      ABSL_GUARDED_BY(mutex_);
  // Offsets below mean registers.
  uint64_t next_offset_ ABSL_GUARDED_BY(mutex_) = uint64_t{1} << 32;
};

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_CARD_MEMORY_H_
