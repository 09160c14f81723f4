// How long the linear operator takes and what it occupies: MODELLED.
//
// The iterations of each process are exact; the tests compare them with those
// of a simulation. Every process makes one iteration per cycle as long as
// memory keeps up, so that the slowest process gives the cycles of a launch.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_MODEL_H_
#define MOEVIT_KERNELS_HLS_LINEAR_MODEL_H_

#include <cstdint>

#include "kernels/hls/descriptor.h"
#include "kernels/hls/linear_tiles.h"
#include "kernels/hls/resources.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// What of a LinearItem decides how long it takes.
struct LinearShape {
  int rows;
  int in_words;
  int out;
  bool adds;  // a residual
};

// Pipeline iterations of each process over the items of a launch.
struct LinearIterations {
  int64_t schedule = 0;
  int64_t weight_lines = 0;
  int64_t gather = 0;
  int64_t repeat = 0;
  int64_t multiply = 0;
  int64_t rescale = 0;
  int64_t transpose = 0;
  int64_t residual = 0;
  int64_t write = 0;
};

constexpr int64_t Larger64(int64_t a, int64_t b) { return a > b ? a : b; }

// Steps that a process with two banks makes over the tiles of one item, where
// filling a bank takes `fill` steps, `last_fill` for the last tile, and
// emptying it `send` or `last_send`. `*pending` is what the tile before has yet
// to send.
constexpr int64_t BankSteps(int64_t tiles, int64_t fill, int64_t last_fill,
                            int64_t send, int64_t last_send, int64_t* pending) {
  int64_t steps = Larger64(*pending, tiles == 1 ? last_fill : fill);
  if (tiles > 1) {
    steps += (tiles - 2) * Larger64(send, fill) + Larger64(send, last_fill);
  }
  *pending = last_send;
  return steps;
}

// shapes: [items], in order of the launch.
constexpr LinearIterations CountLinear(const LinearTiles& tiles,
                                       const LinearShape* shapes, int items) {
  LinearIterations count;
  int64_t repeat_pending = 0;
  int64_t transpose_pending = 0;
  int64_t multiply_of_item_before = 0;
  for (int i = 0; i < items; ++i) {
    const LinearShape& shape = shapes[i];
    if (shape.rows == 0) continue;
    const int64_t row_tiles = CeilDivide(shape.rows, tiles.token_lanes);
    const int64_t last_rows =
        shape.rows - (row_tiles - 1) * int64_t{tiles.token_lanes};
    const int64_t blocks = CeilDivide(shape.out, tiles.out_lanes);
    const int64_t lines = MatrixImageWords(shape.in_words, shape.out);
    const int64_t row_results = Int16Words(shape.out);
    const int64_t block_pairs = blocks * (tiles.token_lanes / 2);
    count.schedule += shape.rows;
    count.weight_lines += lines;
    count.gather += int64_t{shape.rows} * shape.in_words;
    count.repeat +=
        BankSteps(row_tiles, int64_t{tiles.token_lanes} * shape.in_words,
                  last_rows * shape.in_words, blocks * shape.in_words,
                  blocks * shape.in_words, &repeat_pending);
    // Of this load, what the item before does not hide.
    count.multiply +=
        Larger64(lines, multiply_of_item_before) - multiply_of_item_before;
    multiply_of_item_before = row_tiles * blocks * shape.in_words;
    count.multiply += multiply_of_item_before;
    count.rescale += kTableCopySteps + row_tiles * block_pairs;
    count.transpose += BankSteps(row_tiles, block_pairs, block_pairs,
                                 tiles.token_lanes * row_results,
                                 last_rows * row_results, &transpose_pending);
    count.residual += shape.adds ? shape.rows * row_results : 0;
    count.write += shape.rows * row_results;
  }
  count.repeat += repeat_pending;
  count.transpose += transpose_pending;
  return count;
}

// From the start of a launch to its first product, and from its last product to
// the end: four reads of memory one after the other (item, rows, input, and the
// residual of the first tile), 100 cycles each, and the pipelines. Assumed.
constexpr int64_t kLinearStartCycles = 600;

constexpr int64_t LinearCycles(const LinearIterations& count) {
  return kLinearStartCycles +
         Larger64(
             Larger64(Larger64(count.multiply, count.rescale),
                      Larger64(count.repeat, count.transpose)),
             Larger64(Larger64(count.gather, count.write), count.residual));
}

// Bytes that a launch moves. Weights are half of theirs on each of two ports.
constexpr int64_t LinearWeightBytes(const LinearIterations& count) {
  return count.weight_lines * 2 * kWordBytes;
}
constexpr int64_t LinearRowBytes(const LinearIterations& count,
                                 bool writes_codes) {
  return (count.gather + count.residual) * kWordBytes +
         count.write * (writes_codes ? kWordBytes / 2 : kWordBytes);
}

// int8 products that a cycle makes.
constexpr int LinearProducts(const LinearTiles& tiles) {
  return kWordCodes * tiles.token_lanes * tiles.out_lanes;
}

constexpr Resources LinearResources(const LinearTiles& tiles) {
  // Products, two per DSP; MultiplyHigh of two rows; addresses of the rows read
  // and written.
  const int rescale_lanes = 2 * tiles.out_lanes;
  const int dsp = LinearProducts(tiles) / 2 + rescale_lanes + 3 * kAddressDsps;
  // A bank of constants is max_out / 16 lines of two words; a stream from
  // memory 128 words; the transposed rows lie in 32 columns of 16 bits, half a
  // BRAM36 each, for every row.
  const int bram =
      tiles.token_lanes * BramFor(kWordBits, 2 * tiles.max_in_words) +
      BramFor(2 * kWordBits, 2 * (tiles.max_out / kConstantsPerLine)) +
      tiles.token_lanes * kWordInt16 / 2 *
          CeilDivide(2 * tiles.max_out / kWordInt16, 1024) +
      4 * BramFor(kWordBits, 128);
  const int uram = tiles.out_lanes * UramFor(kWordBits, 2 * tiles.weight_words);
  // Per eight DSPs of a cascade, splitting two sums and adding them to 32 bits;
  // per DSP its operands' registers and routing; per rescaling lane two shifts
  // of 32 bits, saturation and the activation table; per lane the headers and
  // counters of nine processes. Assumed.
  const int cascades = LinearProducts(tiles) / 2 / 8;
  const int lut = cascades * 90 + LinearProducts(tiles) / 2 * 10 +
                  rescale_lanes * 500 + 9 * 1500;
  return Resources{dsp, bram, uram, lut} + 6 * kMemoryPort;
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_MODEL_H_
