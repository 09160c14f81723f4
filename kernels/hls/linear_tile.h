// What travels between the processes of the linear operator.
//
// Rows are worked on in tiles of token_lanes. A tile's header runs ahead of its
// data through all processes, so that none of them looks at the schedule. A
// header without rows ends the launch.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_TILE_H_
#define MOEVIT_KERNELS_HLS_LINEAR_TILE_H_

#include <cstdint>

#include "kernels/hls/descriptor.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

template <int kRows>
struct LinearTile {
  LinearItem item;
  int rows;    // at most kRows
  bool first;  // of its item
  int32_t input[kRows];
  int32_t output[kRows];
  int32_t residual[kRows];
};

// Blocks of output channels that are multiplied at a time.
template <typename Card>
int OutBlocks(const LinearItem& item) {
  return CeilDivide(item.out, Card::kLinear.out_lanes);
}

// A matrix image to load; out is 0 after the last one.
struct MatrixLoad {
  int matrix;
  int in_words;
  int out;
};

// What both weight ports deliver in a cycle: words of an even and of the
// following odd output channel.
struct WeightLine {
  Word even;
  Word odd;
};

// An activation table: port 0 holds its first half, port 1 the second.
struct TableLines {
  WeightLine line[kTableWords];
};

// The same word of every row of a tile.
template <int kRows>
struct TileWords {
  Word row[kRows];
};

// Finished sums of kOut output channels, without bias, and what becomes of
// them.
template <int kRows, int kOut>
struct Accumulators {
  int32_t sum[kRows][kOut];
  ChannelConstants constants[kOut];
};

// Results of two rows.
template <int kOut>
struct ResultPair {
  int16_t row[2][kOut];
};

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_TILE_H_
