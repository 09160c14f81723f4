#include "tests/planner/recording_card.h"

#include <utility>

namespace moevit {

RecordingCard::RecordingCard(LinearFunction* linear)
    : ForwardingCard(NewDirectCard("recording", linear)) {}

void RecordingCard::Clear() {
  launches_.clear();
  to_card_ = {};
  from_card_ = {};
}

absl::StatusOr<std::unique_ptr<CardOperation>> RecordingCard::CopyToCard(
    CardBuffer* buffer, size_t offset, size_t bytes) {
  ++to_card_.count;
  to_card_.bytes += static_cast<int64_t>(bytes);
  return ForwardingCard::CopyToCard(buffer, offset, bytes);
}

absl::StatusOr<std::unique_ptr<CardOperation>> RecordingCard::CopyFromCard(
    CardBuffer* buffer, size_t offset, size_t bytes) {
  ++from_card_.count;
  from_card_.bytes += static_cast<int64_t>(bytes);
  return ForwardingCard::CopyFromCard(buffer, offset, bytes);
}

absl::StatusOr<std::unique_ptr<CardOperation>> RecordingCard::Launch(
    size_t unit, absl::Span<const KernelArgument> arguments) {
  Launched launched;
  launched.unit = unit;
  launched.counts = std::make_unique<hls::sim::Counts>();
  const hls::sim::ScopedCounts scope(launched.counts.get());
  auto operation = ForwardingCard::Launch(unit, arguments);
  launches_.push_back(std::move(launched));
  return operation;
}

}  // namespace moevit
