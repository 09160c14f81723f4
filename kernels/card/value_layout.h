// How the values of a program lie in card memory: the row widths that
// kernels/hls/descriptor.h asks for, and matrices padded to fit them. Pure.

#ifndef MOEVIT_KERNELS_CARD_VALUE_LAYOUT_H_
#define MOEVIT_KERNELS_CARD_VALUE_LAYOUT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "program/program.h"

namespace moevit::card {

// A row is `groups` groups of channels, each from a new word on. Only the
// inputs and outputs of attention, by head, have more than one group.
struct ValueLayout {
  int rows = 0;  // per image
  int groups = 1;
  int group_channels = 0;
  int words = 0;  // per row

  // Bytes of `images` images.
  int64_t bytes(int images) const;
};

// Rows of `channels` codes in one group.
ValueLayout CodeLayout(int rows, int channels);

// By ValueId. Returns kUnimplemented, naming the op, for a value that lies by
// head on padded words and is used by an op that cannot read or write it so.
// REQUIRES: the program passed VerifyProgram.
absl::StatusOr<std::vector<ValueLayout>> LayoutsOf(const Program& program);

// Whether a code value's padding lies inside of its rows, so that matrices
// before and after it must be padded.
bool HasInnerPadding(const ValueLayout& layout);

// `matrix` with zero inputs and outputs where the padding of its input and
// output lies.
Matrix PadMatrix(const Matrix& matrix, const ValueLayout& input,
                 const ValueLayout& output);

}  // namespace moevit::card

#endif  // MOEVIT_KERNELS_CARD_VALUE_LAYOUT_H_
