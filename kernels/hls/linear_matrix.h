// The matrix memory of the linear operator: two banks, one that is multiplied
// with and one into which the next matrix loads.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_MATRIX_H_
#define MOEVIT_KERNELS_HLS_LINEAR_MATRIX_H_

#include "kernels/hls/descriptor.h"
#include "kernels/hls/linear_tile.h"
#include "kernels/hls/linear_tiles.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

template <typename Card>
struct MatrixMemory {
  static constexpr int kBankWords = Card::kLinear.weight_words;
  static constexpr int kBankLines = Card::kLinear.max_out / kConstantsPerLine;

  // By output lane, then [bank][block of output channels][word of inputs].
  Word weights[Card::kLinear.out_lanes][2 * kBankWords];
  WeightLine constants[2 * kBankLines];
  TableLines table[2];
};

// Where the next line of a matrix image goes.
class LoadPosition {
 public:
  LoadPosition(const MatrixLoad& load, int bank)
      : bank_(bank),
        in_words_(load.in_words),
        constants_end_(kTableWords + ConstantWords(load.out)),
        pairs_left_(RowPairs(load.out)) {}

  bool done() const { return pairs_left_ == 0; }

  template <typename Card>
  void Store(const WeightLine& line, MatrixMemory<Card>& memory) {
#pragma HLS INLINE
    if (header_ < kTableWords) {
      memory.table[bank_].line[header_++] = line;
    } else if (header_ < constants_end_) {
      const int at = header_++ - kTableWords;
      memory.constants[bank_ * MatrixMemory<Card>::kBankLines + at] = line;
    } else {
      StoreWeights<Card>(line, memory);
    }
  }

 private:
  template <typename Card>
  void StoreWeights(const WeightLine& line, MatrixMemory<Card>& memory) {
#pragma HLS INLINE
    const int at = bank_ * MatrixMemory<Card>::kBankWords + block_word_ + word_;
    memory.weights[lane_][at] = line.even;
    memory.weights[lane_ + 1][at] = line.odd;
    const bool pair_ends = word_ == in_words_ - 1;
    const bool block_ends = pair_ends && lane_ == Card::kLinear.out_lanes - 2;
    word_ = pair_ends ? 0 : word_ + 1;
    lane_ = block_ends ? 0 : pair_ends ? lane_ + 2 : lane_;
    if (block_ends) block_word_ += in_words_;
    if (pair_ends) --pairs_left_;
  }

  int bank_;
  int in_words_;
  int constants_end_;
  int pairs_left_;
  int header_ = 0;  // lines stored before the weights
  int lane_ = 0;
  int word_ = 0;
  int block_word_ = 0;  // of the first word of the block of output channels
};

// Constants of output channel `channel` in a line that holds it.
inline ChannelConstants ConstantsAt(const WeightLine& line, int channel) {
  const int index = channel % kConstantsPerLine;
  const Word& word = index % 2 == 0 ? line.even : line.odd;
  const int at = index / 2;
  ChannelConstants constants = {};
  constants.bias = Int32At(word, 2 * at);
  constants.multiplier = Int16At(word, 4 * at + 2);
  constants.shift = word[8 * at + 6];
  return constants;
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_MATRIX_H_
