#include "kernels/card/matrix_items.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kernels/hls/matrix_image.h"

namespace moevit::card {
namespace {

// Where an output channel lies in its row, in words; a multiple of 64 does so
// at the beginning of one.
int OutputWord(hls::OutputKind kind, int channel) {
  return channel / (kind == hls::kCodes ? hls::kWordCodes : hls::kWordInt16);
}

hls::LinearItem ItemFor(const MatrixUse& use) {
  hls::LinearItem item = {};
  item.output_kind = use.kind;
  item.residual_shift = use.residual_shift;
  if (use.codes != nullptr) {
    item.output_zero = use.codes->output_zero;
    item.activation = use.codes->activation.present ? 1 : 0;
    item.index_shift = use.codes->activation.index_shift;
    item.delta_shift = use.codes->activation.delta_shift;
  }
  return item;
}

// Channels [first, first + out) of a matrix.
hls::MatrixView ViewOf(const Matrix& matrix, const MatrixUse& use, int first,
                       int out) {
  hls::MatrixView view = {};
  view.in = matrix.in;
  view.out = out;
  view.weight = matrix.weight.data() + int64_t{first} * matrix.in;
  view.bias = matrix.bias.data() + first;
  view.multiplier = matrix.multiplier.data() + first;
  view.shift = matrix.shift.data() + first;
  if (use.codes != nullptr && use.codes->activation.present) {
    view.delta = use.codes->activation.delta.data();
  }
  return view;
}

// The padded form of a use's matrix, if its layouts ask for one.
struct PaddedUse {
  PaddedUse(const MatrixUse& use, const ValueLayout& input,
            const ValueLayout& output) {
    if (HasInnerPadding(input) || HasInnerPadding(output)) {
      padded = PadMatrix(*use.matrix, input, output);
      matrix = &padded;
    } else {
      matrix = use.matrix;
    }
  }

  Matrix padded;
  const Matrix* matrix;
};

}  // namespace

MatrixUse UseForCodes(const CodeMatrix& matrix) {
  MatrixUse use;
  use.matrix = &matrix.matrix;
  use.kind = hls::kCodes;
  use.codes = &matrix;
  return use;
}

absl::StatusOr<std::vector<hls::LinearItem>> PlanItems(
    const hls::LinearTiles& tiles, const MatrixUse& use,
    const ValueLayout& input, const ValueLayout& output, int64_t* words) {
  const int max_out = hls::MaxItemOut(tiles, input.words);
  if (max_out == 0) {
    return absl::UnimplementedError(absl::StrCat(
        "rows of ", input.groups * input.group_channels,
        " inputs are too wide for the card's linear kernel, which takes ",
        tiles.max_in_words * hls::kWordCodes));
  }
  const bool by_head = HasInnerPadding(output);
  const int channels =
      by_head ? output.words * hls::kWordCodes : use.matrix->out;
  std::vector<hls::LinearItem> items;
  for (int first = 0; first < channels; first += max_out) {
    hls::LinearItem item = ItemFor(use);
    item.in_words = input.words;
    item.input_stride = input.words;
    item.output_stride = output.words;
    item.out = std::min(max_out, channels - first);
    item.output_word = OutputWord(use.kind, first);
    item.matrix = static_cast<int32_t>(*words);
    *words += hls::MatrixImageWords(input.words, item.out);
    items.push_back(item);
  }
  return items;
}

void WriteImage(const MatrixUse& use, const ValueLayout& input,
                const ValueLayout& output,
                absl::Span<const hls::LinearItem> items, hls::Word* port0,
                hls::Word* port1) {
  const PaddedUse padded(use, input, output);
  int first = 0;
  for (const hls::LinearItem& item : items) {
    hls::WriteMatrixImage(ViewOf(*padded.matrix, use, first, item.out),
                          port0 + item.matrix, port1 + item.matrix);
    first += item.out;
  }
}

}  // namespace moevit::card
