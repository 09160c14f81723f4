// The values of a program for a batch of images in card memory. Buffers are
// used again once a value has had its last reader.

#ifndef MOEVIT_KERNELS_CARD_ACTIVATION_BUFFERS_H_
#define MOEVIT_KERNELS_CARD_ACTIVATION_BUFFERS_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/card/card.h"
#include "kernels/card/card_context.h"
#include "kernels/card/value_layout.h"
#include "program/program.h"

namespace moevit::card {

class ActivationBuffers {
 public:
  ActivationBuffers() = default;

  // layouts: by ValueId. Returns the card's error.
  static absl::StatusOr<ActivationBuffers> Allocate(
      const Program& program, absl::Span<const ValueLayout> layouts,
      const CardContext& context, int max_images);

  absl::Span<CardBuffer* const> by_value() const { return by_value_; }

 private:
  std::vector<std::unique_ptr<CardBuffer>> buffers_;
  std::vector<CardBuffer*> by_value_;
};

}  // namespace moevit::card

#endif  // MOEVIT_KERNELS_CARD_ACTIVATION_BUFFERS_H_
