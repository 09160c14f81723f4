// A card and the three compute units that run one program on it together, with
// what every use of them needs: a bank for each buffer, a bound for each wait.

#ifndef MOEVIT_KERNELS_CARD_CARD_CONTEXT_H_
#define MOEVIT_KERNELS_CARD_CARD_CONTEXT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kernels/card/card.h"
#include "kernels/hls/linear_tiles.h"

namespace moevit::card {

// Places of pointers in the parameter lists of kernels/hls/kernels.h.
enum class LinearPort {
  kSchedule,
  kWeights0,
  kWeights1,
  kInput,
  kResidual,
  kOutput
};
enum class AttentionPort { kInput, kParameters, kOutput };
enum class VectorPort { kParameters, kInput, kResidual, kRouting, kOutput };

// Thread safe as Card is.
class CardContext {
 public:
  // Chooses the `pipeline`-th unit of each kernel, counted modulo how many
  // there are, and asks the linear one for its sizes. Blocks. Returns
  // kFailedPrecondition if the image lacks a kernel, has one with other
  // parameters or one that does not tell its sizes, or connects the units'
  // activation ports to different banks; or the card's error. `card` must
  // outlive the context.
  //   timeout  bound for every single copy and launch
  static absl::StatusOr<CardContext> Create(Card* card, int pipeline,
                                            absl::Duration timeout);

  Card& card() const { return *card_; }
  // What the linear unit was built with.
  const hls::LinearTiles& tiles() const { return tiles_; }
  // For every single copy and launch.
  absl::Duration timeout() const { return timeout_; }

  // Memory that the port reaches, `bytes` rounded up to whole words, zero on
  // the host's side.
  absl::StatusOr<std::unique_ptr<CardBuffer>> Allocate(LinearPort port,
                                                       int64_t bytes) const;
  absl::StatusOr<std::unique_ptr<CardBuffer>> Allocate(AttentionPort port,
                                                       int64_t bytes) const;
  absl::StatusOr<std::unique_ptr<CardBuffer>> Allocate(VectorPort port,
                                                       int64_t bytes) const;
  // Memory that all units' activation ports reach.
  absl::StatusOr<std::unique_ptr<CardBuffer>> AllocateActivations(
      int64_t bytes) const {
    return Allocate(LinearPort::kInput, bytes);
  }

  // Copies the whole host side to the card and reads it back. Blocks. Returns
  // kDataLoss if something else came back.
  absl::Status Store(CardBuffer* buffer) const;

  // Block until the first `bytes` bytes are copied, or the kernel has ended.
  absl::Status CopyToCard(CardBuffer* buffer, int64_t bytes) const;
  absl::Status CopyFromCard(CardBuffer* buffer, int64_t bytes) const;
  absl::Status RunLinear(CardBuffer* schedule, CardBuffer* weights0,
                         CardBuffer* weights1, CardBuffer* input,
                         CardBuffer* residual, CardBuffer* output,
                         int32_t items) const;
  absl::Status RunAttention(CardBuffer* input, CardBuffer* parameters,
                            CardBuffer* output, int32_t images) const;
  absl::Status RunVector(CardBuffer* parameters, CardBuffer* input,
                         CardBuffer* residual, CardBuffer* routing,
                         CardBuffer* output, int32_t images) const;

 private:
  CardContext() = default;

  int Bank(size_t unit, int parameter) const;
  absl::Status CheckBanks() const;
  absl::Status AskForTiles();
  absl::StatusOr<std::unique_ptr<CardBuffer>> Allocate(size_t unit,
                                                       int parameter,
                                                       int64_t bytes) const;
  absl::Status Launch(size_t unit,
                      absl::Span<const KernelArgument> arguments) const;

  Card* card_ = nullptr;
  hls::LinearTiles tiles_ = {};
  absl::Duration timeout_;
  size_t linear_ = 0;  // indices of compute units
  size_t attention_ = 0;
  size_t vector_ = 0;
};

}  // namespace moevit::card

#endif  // MOEVIT_KERNELS_CARD_CARD_CONTEXT_H_
