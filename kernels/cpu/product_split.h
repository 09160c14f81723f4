// How the rows and panels of a matrix product are cut into tasks, and the call
// that each task makes. Pure.

#ifndef MOEVIT_KERNELS_CPU_PRODUCT_SPLIT_H_
#define MOEVIT_KERNELS_CPU_PRODUCT_SPLIT_H_

#include <cstdint>

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/packed_matrix.h"
#include "program/program.h"

namespace moevit::cpu {

// Rows [first_row, first_row + rows) times panels [first_panel, end_panel).
struct ProductPiece {
  int first_row = 0;
  int rows = 0;
  int first_panel = 0;
  int end_panel = 0;
};

class ProductSplit {
 public:
  // At least about `tasks` tasks where the shape allows; 1 gives the largest
  // tasks whose input rows stay in the second cache while all panels pass by.
  ProductSplit(int64_t rows, const PackedMatrix& matrix, int64_t tasks);

  // Whole panels, blocks of at most `block_rows` rows.
  static ProductSplit ByRows(int64_t rows, const PackedMatrix& matrix,
                             int64_t block_rows);

  int64_t tasks() const { return int64_t{row_blocks_} * panel_groups_; }

  // Consecutive tasks share their rows. REQUIRES: 0 <= task < tasks().
  ProductPiece operator[](int64_t task) const;

 private:
  ProductSplit(int64_t rows, int panels, int64_t row_blocks,
               int64_t panel_groups);

  int rows_;
  int panels_;
  int row_blocks_;
  int panel_groups_;
};

// Tasks worth having for each worker, so that those that finish early can take
// from those that are late.
constexpr int kTasksPerWorker = 8;

// The number of tasks to aim for.
constexpr int64_t WantedTasks(int workers) {
  return workers == 1 ? 1 : int64_t{workers} * kTasksPerWorker;
}

// `whole` restricted to a piece.
ProductCall PieceOf(const ProductCall& whole, const ProductPiece& piece);

// Points into `activation`.
ActivationTable TableOf(const Activation& activation);

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_PRODUCT_SPLIT_H_
