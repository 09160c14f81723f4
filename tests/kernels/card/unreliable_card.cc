#include "tests/kernels/card/unreliable_card.h"

#include <utility>

#include "gtest/gtest.h"

namespace moevit {

UnreliableCard::UnreliableCard(LinearFunction* linear)
    : ForwardingCard(NewDirectCard("unreliable", linear)) {}

void UnreliableCard::FailAfter(int launches, absl::Status error) {
  launches_to_failure_ = launches;
  error_ = std::move(error);
}

void UnreliableCard::DamageBuffer(size_t index) {
  CardBuffer* const buffer = buffers_.at(index);
  buffer->host()[buffer->host().size() / 2] ^= 4;
  EXPECT_TRUE(CopyToCard(buffer, 0, buffer->host().size()).ok());
}

absl::StatusOr<std::unique_ptr<CardBuffer>> UnreliableCard::Allocate(
    size_t bytes, int bank) {
  auto buffer = ForwardingCard::Allocate(bytes, bank);
  if (buffer.ok()) buffers_.push_back(buffer->get());
  return buffer;
}

absl::StatusOr<std::unique_ptr<CardOperation>> UnreliableCard::CopyFromCard(
    CardBuffer* buffer, size_t offset, size_t bytes) {
  auto copy = ForwardingCard::CopyFromCard(buffer, offset, bytes);
  ++copies_;
  if (copies_to_damage_ > 0 && --copies_to_damage_ == 0) {
    buffer->host()[offset] ^= 1;
  }
  return copy;
}

absl::StatusOr<std::unique_ptr<CardOperation>> UnreliableCard::Launch(
    size_t unit, absl::Span<const KernelArgument> arguments) {
  if (!error_.ok() && --launches_to_failure_ <= 0) return error_;
  return ForwardingCard::Launch(unit, arguments);
}

absl::Status UnreliableCard::Reset() {
  if (!reset_errors_.empty()) {
    absl::Status error = std::move(reset_errors_.front());
    reset_errors_.erase(reset_errors_.begin());
    return error;
  }
  ++resets_;
  error_ = absl::OkStatus();
  return ForwardingCard::Reset();
}

}  // namespace moevit
