#include "kernels/card/resident_matrices.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "kernels/hls/matrix_image.h"
#include "kernels/hls/word.h"

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

hls::Word* Words(CardBuffer& buffer) {
  return reinterpret_cast<hls::Word*>(buffer.host().data());
}

std::string ChecksumOf(CardBuffer& buffer) {
  return Sha256Hex(
      absl::string_view(reinterpret_cast<const char*>(buffer.host().data()),
                        buffer.host().size()));
}

}  // namespace

MatrixUse UseForCodes(const CodeMatrix& matrix) {
  MatrixUse use;
  use.matrix = &matrix.matrix;
  use.kind = hls::kCodes;
  use.codes = &matrix;
  return use;
}

absl::StatusOr<ResidentMatrices> ResidentMatrices::Load(
    const CardContext& context, absl::Span<const MatrixUse> uses,
    const ValueLayout& input, const ValueLayout& output) {
  const int max_out = hls::MaxItemOut(context.tiles(), input.words);
  if (max_out == 0) {
    return absl::UnimplementedError(absl::StrCat(
        "rows of ", input.groups * input.group_channels,
        " inputs are too wide for the card's linear kernel, which takes ",
        context.tiles().max_in_words * hls::kWordCodes));
  }
  ResidentMatrices resident;
  int64_t words = 0;
  for (const MatrixUse& use : uses) {
    const bool by_head = HasInnerPadding(output);
    const int channels =
        by_head ? output.words * hls::kWordCodes : use.matrix->out;
    std::vector<hls::LinearItem>& items = resident.items_.emplace_back();
    for (int first = 0; first < channels; first += max_out) {
      hls::LinearItem item = ItemFor(use);
      item.in_words = input.words;
      item.input_stride = input.words;
      item.output_stride = output.words;
      item.out = std::min(max_out, channels - first);
      item.output_word = OutputWord(use.kind, first);
      item.matrix = static_cast<int32_t>(words);
      words += hls::MatrixImageWords(input.words, item.out);
      items.push_back(item);
    }
    resident.item_count_ += static_cast<int>(items.size());
  }
  for (int port = 0; port < 2; ++port) {
    MOEVIT_ASSIGN_OR_RETURN(resident.ports_[port],
                            context.Allocate(port == 0 ? LinearPort::kWeights0
                                                       : LinearPort::kWeights1,
                                             words * hls::kWordBytes));
  }
  for (size_t i = 0; i < uses.size(); ++i) {
    const PaddedUse padded(uses[i], input, output);
    int first = 0;
    for (const hls::LinearItem& item : resident.items_[i]) {
      hls::WriteMatrixImage(ViewOf(*padded.matrix, uses[i], first, item.out),
                            Words(*resident.ports_[0]) + item.matrix,
                            Words(*resident.ports_[1]) + item.matrix);
      first += item.out;
    }
  }
  for (int port = 0; port < 2; ++port) {
    CardBuffer& buffer = *resident.ports_[port];
    resident.checksums_[port] = ChecksumOf(buffer);
    MOEVIT_RETURN_IF_ERROR(context.Store(&buffer));
  }
  return resident;
}

absl::Status ResidentMatrices::Run(const CardContext& context,
                                   CardBuffer* schedule, int items,
                                   CardBuffer* input, CardBuffer* residual,
                                   CardBuffer* output) const {
  return context.RunLinear(schedule, ports_[0].get(), ports_[1].get(), input,
                           residual, output, items);
}

absl::Status ResidentMatrices::Verify(const CardContext& context) const {
  for (int port = 0; port < 2; ++port) {
    CardBuffer& buffer = *ports_[port];
    MOEVIT_RETURN_IF_ERROR(context.CopyFromCard(
        &buffer, static_cast<int64_t>(buffer.host().size())));
    if (ChecksumOf(buffer) != checksums_[port]) {
      return absl::DataLossError(
          absl::StrCat("weights in the memory of ", context.card().name(),
                       ", port ", port, ", are no longer what was loaded"));
    }
  }
  return absl::OkStatus();
}

}  // namespace moevit::card
