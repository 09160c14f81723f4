#include "kernels/cpu/product_split.h"

#include <algorithm>

#include "kernels/cpu/aligned_memory.h"

namespace moevit::cpu {
namespace {

// Half of the smallest second cache in use, 512 KiB.
constexpr int64_t kInputBytes = int64_t{256} << 10;
// Fewer rows make the weights' way into the first cache the longest.
constexpr int64_t kMinRows = 48;

// The i-th of `parts` nearly equal parts of [0, count) begins here.
int Cut(int64_t count, int64_t i, int64_t parts) {
  return static_cast<int>(count * i / parts);
}

}  // namespace

ProductSplit::ProductSplit(int64_t rows, const PackedMatrix& matrix,
                           int64_t tasks)
    : rows_(static_cast<int>(rows)), panels_(matrix.panels) {
  const int64_t row_bytes = RoundUp(matrix.in, kRowPadding);
  const int64_t cached_rows = std::max(kMinRows, kInputBytes / row_bytes);
  const int64_t most_blocks = DivideUp(rows, kMinRows);
  int64_t blocks = DivideUp(rows, cached_rows);
  if (blocks * panels_ < tasks) {
    blocks = std::min(most_blocks, DivideUp(tasks, panels_));
  }
  row_blocks_ = static_cast<int>(blocks);
  panel_groups_ = blocks == 0 ? 0
                              : static_cast<int>(std::min<int64_t>(
                                    panels_, DivideUp(tasks, blocks)));
}

ProductSplit::ProductSplit(int64_t rows, int panels, int64_t row_blocks,
                           int64_t panel_groups)
    : rows_(static_cast<int>(rows)),
      panels_(panels),
      row_blocks_(static_cast<int>(row_blocks)),
      panel_groups_(static_cast<int>(panel_groups)) {}

ProductSplit ProductSplit::ByRows(int64_t rows, const PackedMatrix& matrix,
                                  int64_t block_rows) {
  return ProductSplit(rows, matrix.panels, DivideUp(rows, block_rows),
                      /*panel_groups=*/1);
}

ProductPiece ProductSplit::operator[](int64_t task) const {
  const int64_t block = task / panel_groups_;
  const int64_t group = task % panel_groups_;
  ProductPiece piece;
  piece.first_row = Cut(rows_, block, row_blocks_);
  piece.rows = Cut(rows_, block + 1, row_blocks_) - piece.first_row;
  piece.first_panel = Cut(panels_, group, panel_groups_);
  piece.end_panel = Cut(panels_, group + 1, panel_groups_);
  return piece;
}

ProductCall PieceOf(const ProductCall& whole, const ProductPiece& piece) {
  ProductCall call = whole;
  call.rows = piece.rows;
  call.first_panel = piece.first_panel;
  call.end_panel = piece.end_panel;
  call.input = whole.input.From(piece.first_row);
  return call;
}

ActivationTable TableOf(const Activation& activation) {
  if (!activation.present) return {};
  return {activation.delta.data(), activation.index_shift,
          activation.delta_shift};
}

}  // namespace moevit::cpu
