// A card for tests that runs the kernels as functions and remembers what it was
// asked for.

#ifndef MOEVIT_TESTS_PLANNER_RECORDING_CARD_H_
#define MOEVIT_TESTS_PLANNER_RECORDING_CARD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/card/card.h"
#include "kernels/card/direct_card.h"
#include "kernels/hls/sim/counts.h"
#include "tests/kernels/card/forwarding_card.h"

namespace moevit {

// Thread-compatible.
class RecordingCard : public ForwardingCard {
 public:
  // What the kernel counted while it ran.
  struct Launched {
    size_t unit = 0;
    std::unique_ptr<hls::sim::Counts> counts;
  };
  struct Copied {
    int count = 0;
    int64_t bytes = 0;
  };

  explicit RecordingCard(LinearFunction* linear);

  // Forgets what was recorded.
  void Clear();

  const std::vector<Launched>& launches() const { return launches_; }
  const Copied& to_card() const { return to_card_; }
  const Copied& from_card() const { return from_card_; }

  absl::StatusOr<std::unique_ptr<CardOperation>> CopyToCard(
      CardBuffer* buffer, size_t offset, size_t bytes) override;
  absl::StatusOr<std::unique_ptr<CardOperation>> CopyFromCard(
      CardBuffer* buffer, size_t offset, size_t bytes) override;
  absl::StatusOr<std::unique_ptr<CardOperation>> Launch(
      size_t unit, absl::Span<const KernelArgument> arguments) override;

 private:
  std::vector<Launched> launches_;
  Copied to_card_;
  Copied from_card_;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_PLANNER_RECORDING_CARD_H_
