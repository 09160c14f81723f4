// The reusable linear operator: dense layers and experts, patch embedding and
// head (kernels.h says which is what).
//
// A chain of processes, each the only reader of what the one before it writes:
//
//   ReadSchedule -> GatherRows -> RepeatTiles -> Multiply -> Rescale ->
//   Transpose -> ReadResidual -> WriteRows
//
// with LoadMatrices beside it, feeding Multiply with the next matrix.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_H_
#define MOEVIT_KERNELS_HLS_LINEAR_H_

#include "kernels/hls/block.h"
#include "kernels/hls/linear_load.h"
#include "kernels/hls/linear_multiply.h"
#include "kernels/hls/linear_rescale.h"
#include "kernels/hls/linear_schedule.h"
#include "kernels/hls/linear_store.h"
#include "kernels/hls/linear_tile.h"
#include "kernels/hls/linear_tiles.h"
#include "kernels/hls/linear_transpose.h"

namespace moevit {
namespace hls {

// Depth of a stream whose two ends keep pace, or that carries headers: one
// element moves while the next is written.
constexpr int kPaceDepth = 2;
// Bridges the time from a read's request to its answer.
constexpr int kMemoryDepth = 128;
// Tiles whose headers are ready when an item ends: bridges the two reads, one
// after the other, that begin the next item.
constexpr int kAheadDepth = 16;
// Bridges the copy of a new activation table, 16 cycles.
constexpr int kBlockDepth = 8;

template <typename Card>
void Linear(const Word* schedule, const Word* weights0, const Word* weights1,
            const Word* input, const Word* residual, Word* output, int items) {
  constexpr int kRows = Card::kLinear.token_lanes;
  constexpr int kOut = Card::kLinear.out_lanes;
  // Holds the matrix after the one that loads: no deadlock with one element,
  // but then a matrix is announced only after the one before it has loaded.
  Stream<MatrixLoad, kPaceDepth> loads("loads");
  Stream<MatrixLoad, kPaceDepth> loads_ahead("loads_ahead");
  Stream<WeightLine, kMemoryDepth> lines("lines");
  Stream<LinearTile<kRows>, kAheadDepth> to_gather("to_gather");
  Stream<LinearTile<kRows>, kPaceDepth> to_repeat("to_repeat");
  Stream<LinearTile<kRows>, kPaceDepth> to_multiply("to_multiply");
  Stream<LinearTile<kRows>, kPaceDepth> to_rescale("to_rescale");
  Stream<LinearTile<kRows>, kPaceDepth> to_transpose("to_transpose");
  Stream<LinearTile<kRows>, kPaceDepth> to_residual("to_residual");
  Stream<LinearTile<kRows>, kPaceDepth> to_write("to_write");
  Stream<Word, kMemoryDepth> words("words");
  Stream<TileWords<kRows>, kPaceDepth> repeated("repeated");
  Stream<TableLines, kPaceDepth> tables("tables");
  Stream<Accumulators<kRows, kOut>, kBlockDepth> accumulators("accumulators");
  Stream<ResultPair<kOut>, kPaceDepth> blocks("blocks");
  Stream<Block, kPaceDepth> results("results");
  Stream<Word, kMemoryDepth> residuals("residuals");

  MOEVIT_DATAFLOW;
  MOEVIT_PROCESS(ReadSchedule<kRows>, schedule, items, loads, to_gather);
  MOEVIT_PROCESS(LoadMatrices, weights0, weights1, loads, loads_ahead, lines);
  MOEVIT_PROCESS(GatherRows<kRows>, input, to_gather, to_repeat, words);
  MOEVIT_PROCESS(RepeatTiles<Card>, to_repeat, to_multiply, words, repeated);
  MOEVIT_PROCESS(Multiply<Card>, to_multiply, to_rescale, loads_ahead, lines,
                 repeated, tables, accumulators);
  MOEVIT_PROCESS(Rescale<Card>, to_rescale, to_transpose, tables, accumulators,
                 blocks);
  MOEVIT_PROCESS(Transpose<Card>, to_transpose, to_residual, blocks, results);
  MOEVIT_PROCESS(ReadResidual<kRows>, residual, to_residual, to_write,
                 residuals);
  MOEVIT_PROCESS(WriteRows<kRows>, to_write, results, residuals, output);
}

// One launch: runs items, or answers kAskForTiles.
template <typename Card>
void RunLinear(const Word* schedule, const Word* weights0, const Word* weights1,
               const Word* input, const Word* residual, Word* output,
               int items) {
  if (items == kAskForTiles) {
    output[0] = WordOfTiles(Card::kLinear);
  } else {
    Linear<Card>(schedule, weights0, weights1, input, residual, output, items);
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_H_
