// A card for tests: runs the kernels as functions, until it is told to fail.

#ifndef MOEVIT_TESTS_KERNELS_CARD_UNRELIABLE_CARD_H_
#define MOEVIT_TESTS_KERNELS_CARD_UNRELIABLE_CARD_H_

#include <memory>
#include <utility>
#include <vector>

#include "kernels/card/card.h"
#include "kernels/card/direct_card.h"
#include "tests/kernels/card/forwarding_card.h"

namespace moevit {

// Thread-compatible.
class UnreliableCard : public ForwardingCard {
 public:
  explicit UnreliableCard(LinearFunction* linear = moevit_linear);

  // From the `launches`-th launch on, all fail with `error` until Reset.
  void FailAfter(int launches, absl::Status error);

  // Reset fails with these errors, one after the other, before it works again.
  void FailResets(std::vector<absl::Status> errors) {
    reset_errors_ = std::move(errors);
  }

  // The `copies`-th copy from the card is wrong by one bit.
  void DamageCopyAfter(int copies) { copies_to_damage_ = copies; }
  int copies() const { return copies_; }

  // Changes one bit in card memory of the `index`-th buffer that was allocated,
  // which must be alive.
  void DamageBuffer(size_t index);
  size_t buffers() const { return buffers_.size(); }

  int resets() const { return resets_; }

  absl::StatusOr<std::unique_ptr<CardBuffer>> Allocate(size_t bytes,
                                                       int bank) override;
  absl::StatusOr<std::unique_ptr<CardOperation>> CopyFromCard(
      CardBuffer* buffer, size_t offset, size_t bytes) override;
  absl::StatusOr<std::unique_ptr<CardOperation>> Launch(
      size_t unit, absl::Span<const KernelArgument> arguments) override;
  absl::Status Reset() override;

 private:
  std::vector<CardBuffer*> buffers_;
  absl::Status error_;
  std::vector<absl::Status> reset_errors_;
  int launches_to_failure_ = 0;
  int copies_to_damage_ = 0;
  int copies_ = 0;
  int resets_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_KERNELS_CARD_UNRELIABLE_CARD_H_
