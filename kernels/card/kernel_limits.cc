#include "kernels/card/kernel_limits.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "kernels/hls/attention_shape.h"
#include "kernels/hls/gate_shape.h"
#include "kernels/hls/patches_shape.h"
#include "kernels/hls/vector_stream.h"
#include "kernels/hls/word.h"

namespace moevit::card {
namespace {

// A header as its kernel reads it.
template <typename Header>
hls::Word AsWord(const Header& header) {
  static_assert(sizeof(Header) == sizeof(hls::Word));
  hls::Word word;
  std::memcpy(word.lanes, &header, sizeof(header));
  return word;
}

}  // namespace

absl::Status CheckFits(const hls::AttentionHeader& header) {
  hls::AttentionShape shape = {};
  shape.images = 1;
  shape.tokens = header.rows;
  shape.heads = header.heads;
  shape.head_width = header.head_width;
  shape.head_words = header.head_words;
  if (hls::AttentionFits(shape)) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat(
      "attention over ", header.rows, " tokens with ", header.heads,
      " heads of ", header.head_width, " channels exceeds the card's kernel: ",
      hls::kMaxAttentionTokens, " tokens, ",
      hls::kMaxHeadWords * hls::kWordCodes, " channels of a head, ",
      hls::kMaxAttentionRowWords * hls::kWordCodes, " of all heads, and ",
      hls::kMaxAttentionWords, " words of a head's keys"));
}

absl::Status CheckFits(const hls::GateHeader& header) {
  if (hls::GateFits(hls::ReadGateShape(AsWord(header), 1))) {
    return absl::OkStatus();
  }
  return absl::UnimplementedError(absl::StrCat(
      "a gate that selects ", header.top_k, " of ", header.experts,
      " experts by ", header.width, " channels exceeds the card's kernel: top ",
      hls::kMaxTopK, ", and ", hls::kMaxGateLines,
      " words of weights for each group of experts"));
}

absl::Status CheckFits(const hls::PatchesHeader& header) {
  if (hls::PatchesFit(hls::ReadPatchesShape(AsWord(header), 1))) {
    return absl::OkStatus();
  }
  return absl::UnimplementedError(absl::StrCat(
      "images of ", header.image_size, " pixels a side in patches of ",
      header.patch_size, " exceed the card's kernel: ", hls::kMaxImageRows,
      " pixels, ", (hls::kMaxStripLines - 1) * hls::kWordBytes,
      " bytes in a row of patches"));
}

absl::Status CheckVectorWidth(int width) {
  if (width <= hls::kMaxVectorWidth) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat(
      "rows of ", width,
      " channels exceed the card's kernel: ", hls::kMaxVectorWidth));
}

}  // namespace moevit::card
