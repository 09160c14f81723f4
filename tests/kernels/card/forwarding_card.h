// A card that passes everything on to another one. Tests override what they
// want to see or to spoil.

#ifndef MOEVIT_TESTS_KERNELS_CARD_FORWARDING_CARD_H_
#define MOEVIT_TESTS_KERNELS_CARD_FORWARDING_CARD_H_

#include <memory>
#include <utility>
#include <vector>

#include "kernels/card/card.h"

namespace moevit {

class ForwardingCard : public Card {
 public:
  explicit ForwardingCard(std::unique_ptr<Card> card)
      : card_(std::move(card)) {}

  absl::string_view name() const override { return card_->name(); }
  bool emulated() const override { return card_->emulated(); }
  const std::vector<ComputeUnit>& compute_units() const override {
    return card_->compute_units();
  }
  absl::StatusOr<std::unique_ptr<CardBuffer>> Allocate(size_t bytes,
                                                       int bank) override {
    return card_->Allocate(bytes, bank);
  }
  absl::StatusOr<std::unique_ptr<CardOperation>> CopyToCard(
      CardBuffer* buffer, size_t offset, size_t bytes) override {
    return card_->CopyToCard(buffer, offset, bytes);
  }
  absl::StatusOr<std::unique_ptr<CardOperation>> CopyFromCard(
      CardBuffer* buffer, size_t offset, size_t bytes) override {
    return card_->CopyFromCard(buffer, offset, bytes);
  }
  absl::StatusOr<std::unique_ptr<CardOperation>> Launch(
      size_t unit, absl::Span<const KernelArgument> arguments) override {
    return card_->Launch(unit, arguments);
  }
  absl::StatusOr<double> PowerWatts() override { return card_->PowerWatts(); }
  absl::Status Reset() override { return card_->Reset(); }

 private:
  const std::unique_ptr<Card> card_;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_KERNELS_CARD_FORWARDING_CARD_H_
