// A card with an image of kernels on it, as the executor sees it: memory in
// banks, copies, launches on compute units, power. Independent of XRT.
//
// It is no queue and holds no policy: which unit runs what, and what happens
// to work on a card that fails, is the caller's business. Thread safe: any
// number of threads may allocate, copy and launch at a time; only Reset must
// not run beside other calls.
//
// Nothing here blocks for ever. Copies and launches return at once with an
// operation to wait for, and every wait has a deadline. Operations are not
// ordered among each other: wait for one before starting what depends on it.

#ifndef MOEVIT_KERNELS_CARD_CARD_H_
#define MOEVIT_KERNELS_CARD_CARD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace moevit {

// One parameter of a kernel, as the image describes it.
struct KernelParameter {
  std::string name;
  size_t bytes = 0;  // of a scalar; 8 for a pointer
  bool is_pointer = false;
  int bank = -1;  // memory a pointer of this unit reaches; -1: scalar

  bool operator==(const KernelParameter&) const = default;
};

// One instance of a kernel on the card. Units work side by side; each runs its
// launches one after another.
struct ComputeUnit {
  std::string kernel;
  std::string instance;
  std::vector<KernelParameter> parameters;

  bool operator==(const ComputeUnit&) const = default;
};

// Memory on the card and its twin in the host's memory. Neither follows the
// other by itself: copies do. May be destroyed while operations use it; the
// memory is freed when they have ended.
class CardBuffer {
 public:
  virtual ~CardBuffer() = default;

  virtual int bank() const = 0;

  // The host's side, aligned to 4096 bytes, of the size that was asked for.
  // Not to be touched while a launch of this buffer is in flight, nor, in the
  // range that it moves, while a copy is.
  virtual absl::Span<uint8_t> host() = 0;
};

// A copy or a launch. May be destroyed before it has ended.
class CardOperation {
 public:
  virtual ~CardOperation() = default;

  // Blocks until the operation has ended, or until `deadline` by the system's
  // clock. Gives the same answer however often it is asked.
  //   kDeadlineExceeded  has not ended; the card may still work on it and may
  //                      still write to its buffers. A compute unit that is
  //                      late like this takes no launches until Reset
  //   kAborted           stopped by the card or by Reset
  //   kInternal          the card reports that it failed
  //   kUnavailable       the card is gone or needs Reset
  // After any error the content of the buffers is unspecified.
  virtual absl::Status Wait(absl::Time deadline) = 0;
};

// An argument of a launch: a buffer, or a scalar of exactly the type that the
// kernel declares (a narrower one would leave stale bits in the register).
using KernelArgument =
    std::variant<CardBuffer*, int32_t, uint32_t, int64_t, uint64_t>;

class Card {
 public:
  // Operations in flight are abandoned, or waited for within a bound.
  virtual ~Card() = default;

  // Stable, for metrics and messages: "xrt:0000:3b:00.1", "emulated:0".
  virtual absl::string_view name() const = 0;

  // Whether this is no real card: its watts and times mean nothing then.
  virtual bool emulated() const = 0;

  // What the image holds; does not change, not even by Reset. Units are
  // named by their index in it.
  virtual const std::vector<ComputeUnit>& compute_units() const = 0;

  // `bytes` of memory in `bank`, content unspecified on both sides. Must not
  // outlive the card. Returns kInvalidArgument for 0 bytes or for a bank that
  // the image does not use, kResourceExhausted when the bank is full, or
  // kUnavailable.
  virtual absl::StatusOr<std::unique_ptr<CardBuffer>> Allocate(size_t bytes,
                                                               int bank) = 0;

  // Starts to copy [offset, offset + bytes) of the buffer's host side to the
  // card, or back. Copies of the two directions overlap each other and the
  // kernels. Returns kInvalidArgument for a range beyond the buffer,
  // kFailedPrecondition for a buffer from before the last Reset.
  virtual absl::StatusOr<std::unique_ptr<CardOperation>> CopyToCard(
      CardBuffer* buffer, size_t offset, size_t bytes) = 0;
  virtual absl::StatusOr<std::unique_ptr<CardOperation>> CopyFromCard(
      CardBuffer* buffer, size_t offset, size_t bytes) = 0;

  // Starts compute_units()[unit] on `arguments`, one for each parameter in
  // order. Several launches of one unit may be in flight. Returns
  // kInvalidArgument for an unknown unit, a wrong number of arguments, a
  // scalar of another width or a buffer in another bank than the parameter;
  // kFailedPrecondition for a buffer from before the last Reset; kUnavailable
  // when the unit or the card takes no more work until Reset.
  virtual absl::StatusOr<std::unique_ptr<CardOperation>> Launch(
      size_t unit, absl::Span<const KernelArgument> arguments) = 0;

  // Watts the board drew when last sampled (about once per second).
  // kUnavailable when it has no such sensor or no sample yet.
  virtual absl::StatusOr<double> PowerWatts() = 0;

  // Brings the card back after a failure: ends what is in flight (kAborted),
  // resets the card and loads the image again. All buffers are void: they can
  // only be destroyed. Blocks, within a bound. On an error the card is
  // unusable and Reset may be tried again.
  virtual absl::Status Reset() = 0;
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_CARD_H_
