// A buffer of a card in XRT.

#ifndef MOEVIT_KERNELS_CARD_XRT_BUFFER_H_
#define MOEVIT_KERNELS_CARD_XRT_BUFFER_H_

#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "kernels/card/card.h"

namespace moevit {

// What a buffer, the operations in flight on it and the card share. Thread
// safe.
class XrtMemory {
 public:
  static absl::StatusOr<std::shared_ptr<XrtMemory>> Create(
      const xrt::device& device, size_t bytes, int bank);

  size_t bytes() const { return bytes_; }
  int bank() const { return bank_; }
  absl::Span<uint8_t> host() const {
    return absl::MakeSpan(host_.get(), bytes_);
  }

  // XRT's object; empty after Void.
  xrt::bo object();

  // Gives the card's side back. The host's stays.
  void Void();

 private:
  struct Free {
    void operator()(uint8_t* memory) const { std::free(memory); }
  };

  XrtMemory(size_t bytes, int bank) : bytes_(bytes), bank_(bank) {}

  const size_t bytes_;
  const int bank_;
  std::unique_ptr<uint8_t[], Free> host_;  // constant once created
  Mutex mutex_;
  xrt::bo object_ ABSL_GUARDED_BY(mutex_);
};

// Thread-compatible.
class XrtBuffer : public CardBuffer {
 public:
  explicit XrtBuffer(std::shared_ptr<XrtMemory> memory)
      : memory_(std::move(memory)) {}
  int bank() const override { return memory_->bank(); }
  absl::Span<uint8_t> host() override { return memory_->host(); }

  const std::shared_ptr<XrtMemory>& memory() const { return memory_; }

 private:
  const std::shared_ptr<XrtMemory> memory_;
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_XRT_BUFFER_H_
