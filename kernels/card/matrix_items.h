// The items by which the linear kernel runs a matrix, and the matrix's image in
// card memory that they speak of. Pure.

#ifndef MOEVIT_KERNELS_CARD_MATRIX_ITEMS_H_
#define MOEVIT_KERNELS_CARD_MATRIX_ITEMS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/card/value_layout.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/linear_tiles.h"
#include "kernels/hls/word.h"
#include "program/program.h"

namespace moevit::card {

// One matrix and what becomes of its products; views, not owned.
struct MatrixUse {
  const Matrix* matrix = nullptr;
  hls::OutputKind kind = hls::kFine;
  const CodeMatrix* codes = nullptr;  // for kCodes
  int residual_shift = 0;             // for kAdd
};

MatrixUse UseForCodes(const CodeMatrix& matrix);

// What runs a matrix over rows of these layouts: one item, or several, by
// output channels, where it exceeds the kernel's weight buffer. Their rows are
// not filled in. Its image begins at word `*words` of both weight ports; what
// it takes is added. Returns kUnimplemented for an input too wide for `tiles`.
absl::StatusOr<std::vector<hls::LinearItem>> PlanItems(
    const hls::LinearTiles& tiles, const MatrixUse& use,
    const ValueLayout& input, const ValueLayout& output, int64_t* words);

// Writes the image that `items`, from PlanItems with the same arguments, speak
// of. port0, port1: word 0 of the weight ports.
void WriteImage(const MatrixUse& use, const ValueLayout& input,
                const ValueLayout& output,
                absl::Span<const hls::LinearItem> items, hls::Word* port0,
                hls::Word* port1);

}  // namespace moevit::card

#endif  // MOEVIT_KERNELS_CARD_MATRIX_ITEMS_H_
