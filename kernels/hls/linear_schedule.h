// First process of the linear operator: turns the schedule into tiles and
// matrices to load.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_SCHEDULE_H_
#define MOEVIT_KERNELS_HLS_LINEAR_SCHEDULE_H_

#include "kernels/hls/descriptor.h"
#include "kernels/hls/linear_tile.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

inline LinearItem ItemOfWord(const Word& word) {
  LinearItem item = {};
  item.rows = Int32At(word, 0);
  item.indexed = Int32At(word, 1);
  item.first = Int32At(word, 2);
  item.matrix = Int32At(word, 3);
  item.in_words = Int32At(word, 4);
  item.out = Int32At(word, 5);
  item.input_stride = Int32At(word, 6);
  item.output_stride = Int32At(word, 7);
  item.output_word = Int32At(word, 8);
  item.output_kind = Int32At(word, 9);
  item.activation = Int32At(word, 10);
  item.index_shift = Int32At(word, 11);
  item.delta_shift = Int32At(word, 12);
  item.output_zero = Int32At(word, 13);
  item.residual_shift = Int32At(word, 14);
  return item;
}

// The first item from *position on that has rows; without one, an item without.
inline LinearItem NextItem(const Word* schedule, int items, int* position) {
  LinearItem item = {};
  for (; *position < items && item.rows == 0; ++*position) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 16
    item = ItemOfWord(schedule[*position]);
  }
  return item;
}

inline MatrixLoad LoadOf(const LinearItem& item) {
  const MatrixLoad load = {item.matrix, item.in_words,
                           item.rows > 0 ? item.out : 0};
  return load;
}

// Cuts the rows of one item into tiles.
template <int kRows>
void SendTiles(const Word* schedule, const LinearItem& item,
               Stream<LinearTile<kRows>>& tiles) {
  MOEVIT_COUNTER(linear_schedule);
  LinearTile<kRows> tile = {};
  tile.item = item;
  Word list = {};
  int lane = 0;
  for (int row = 0; row < item.rows; ++row) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 1576
    MOEVIT_COUNT(linear_schedule, 1);
    const int entry = row % kRowIndicesPerWord;
    if (item.indexed != 0 && entry == 0) {
      list = schedule[item.first + row / kRowIndicesPerWord];
    }
    const int plain = item.first + row;
    tile.input[lane] = item.indexed != 0 ? Int32At(list, 4 * entry) : plain;
    tile.output[lane] =
        item.indexed != 0 ? Int32At(list, 4 * entry + 1) : plain;
    tile.residual[lane] =
        item.indexed != 0 ? Int32At(list, 4 * entry + 2) : plain;
    tile.rows = ++lane;
    if (lane == kRows || row == item.rows - 1) {
      tile.first = row < kRows;
      tiles.write(tile);
      lane = 0;
    }
  }
}

// A matrix is announced before the tiles of the item before it, so that it
// loads while those are computed.
template <int kRows>
void ReadSchedule(const Word* schedule, int items, Stream<MatrixLoad>& loads,
                  Stream<LinearTile<kRows>>& tiles) {
  int position = 0;
  LinearItem item = NextItem(schedule, items, &position);
  loads.write(LoadOf(item));
  for (int i = 0; i < items && item.rows > 0; ++i) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 16
    const LinearItem next = NextItem(schedule, items, &position);
    loads.write(LoadOf(next));
    SendTiles<kRows>(schedule, item, tiles);
    item = next;
  }
  const LinearTile<kRows> end = {};
  tiles.write(end);
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_SCHEDULE_H_
