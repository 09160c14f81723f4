// The matrices of one op in card memory, and the items by which the linear
// kernel runs them.

#ifndef MOEVIT_KERNELS_CARD_RESIDENT_MATRICES_H_
#define MOEVIT_KERNELS_CARD_RESIDENT_MATRICES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/card/card.h"
#include "kernels/card/card_context.h"
#include "kernels/card/matrix_items.h"
#include "kernels/card/value_layout.h"
#include "kernels/hls/descriptor.h"

namespace moevit::card {

// Immutable once loaded; thread-compatible like the buffers it holds.
class ResidentMatrices {
 public:
  // Copies the images of the matrices to the card. All of them have rows of
  // these layouts as inputs and outputs. Returns kUnimplemented for an input
  // too wide for the kernel; the card's errors.
  static absl::StatusOr<ResidentMatrices> Load(const CardContext& context,
                                               absl::Span<const MatrixUse> uses,
                                               const ValueLayout& input,
                                               const ValueLayout& output);

  int matrices() const { return static_cast<int>(items_.size()); }
  // What runs one matrix: one item, or several, by output channels, where it
  // exceeds the kernel's weight buffer. Its rows are not filled in.
  absl::Span<const hls::LinearItem> items(int matrix) const {
    return items_[matrix];
  }
  // Of all matrices.
  int item_count() const { return item_count_; }

  // Runs the first `items` items of `schedule`.
  absl::Status Run(const CardContext& context, CardBuffer* schedule, int items,
                   CardBuffer* input, CardBuffer* residual,
                   CardBuffer* output) const;

  // kDataLoss if the card's copy is no longer what was put there.
  absl::Status Verify(const CardContext& context) const;

 private:
  std::vector<std::vector<hls::LinearItem>> items_;  // by matrix
  int item_count_ = 0;
  std::unique_ptr<CardBuffer> ports_[2];
  std::string checksums_[2];  // of the ports' content
};

}  // namespace moevit::card

#endif  // MOEVIT_KERNELS_CARD_RESIDENT_MATRICES_H_
