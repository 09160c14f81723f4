#include "kernels/cpu/product_split.h"

#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/cpu/expert_tasks.h"

namespace moevit::cpu {
namespace {

using ::testing::Each;

PackedMatrix ShapeOf(int in, int panels) {
  PackedMatrix matrix;
  matrix.in = in;
  matrix.panels = panels;
  return matrix;
}

void Mark(const ProductPiece& piece, int panels, std::vector<int>& visits) {
  for (int row = 0; row < piece.rows; ++row) {
    for (int p = piece.first_panel; p < piece.end_panel; ++p) {
      ++visits[(piece.first_row + row) * panels + p];
    }
  }
}

TEST(ProductSplitTest, CoversEveryRowAndPanelOnce) {
  for (int rows : {1, 2, 47, 48, 49, 197, 1576}) {
    for (int panels : {1, 3, 6, 24}) {
      for (int tasks : {1, 16, 1000}) {
        const PackedMatrix matrix = ShapeOf(1536, panels);
        const ProductSplit split(rows, matrix, tasks);
        std::vector<int> visits(rows * panels);
        for (int64_t task = 0; task < split.tasks(); ++task) {
          Mark(split[task], panels, visits);
        }
        EXPECT_THAT(visits, Each(1))
            << rows << " rows, " << panels << " panels, " << tasks << " tasks";
      }
    }
  }
}

TEST(ProductSplitTest, NoRowsAreNoTasks) {
  EXPECT_EQ(ProductSplit(0, ShapeOf(64, 3), 16).tasks(), 0);
}

TEST(ProductSplitTest, ReachesTheWantedNumberWhereTheShapeAllows) {
  EXPECT_GE(ProductSplit(197, ShapeOf(384, 6), 16).tasks(), 16);
  EXPECT_EQ(ProductSplit(1, ShapeOf(384, 6), 16).tasks(), 6);
}

TEST(ProductSplitTest, ASingleTaskIsEnoughForOneWorker) {
  EXPECT_EQ(ProductSplit(197, ShapeOf(384, 6), WantedTasks(1)).tasks(), 1);
}

TEST(ExpertTasksTest, CoverTheRowsOfEveryGroupOnce) {
  constexpr int kPanels = 3;
  const std::vector<PackedMatrix> matrices(5, ShapeOf(100, kPanels));
  // Groups of 0, 200, 1, 0 and 60 rows.
  const std::vector<int32_t> first = {0, 0, 200, 201, 201, 261};
  for (int wanted : {1, 16}) {
    std::vector<int64_t> first_task(first.size());
    const ExpertTasks tasks(matrices, first.data(), wanted, first_task.data());
    std::vector<int> visits(first.back() * kPanels);
    for (int64_t i = 0; i < tasks.tasks(); ++i) {
      ExpertTask task = tasks[i];
      ASSERT_LE(task.piece.first_row + task.piece.rows,
                first[task.expert + 1] - first[task.expert]);
      task.piece.first_row += first[task.expert];
      Mark(task.piece, kPanels, visits);
    }
    EXPECT_THAT(visits, Each(1)) << wanted << " tasks wanted";
  }
}

TEST(ExpertTasksTest, BlocksOfRowsHaveAllPanelsAndAreNoLargerThanAsked) {
  const std::vector<PackedMatrix> matrices(3, ShapeOf(100, 4));
  const std::vector<int32_t> first = {0, 130, 130, 131};
  std::vector<int64_t> first_task(first.size());
  const ExpertTasks tasks =
      ExpertTasks::ByRows(matrices, first.data(), 48, first_task.data());
  ASSERT_EQ(tasks.tasks(), 4);
  int rows = 0;
  for (int64_t i = 0; i < tasks.tasks(); ++i) {
    EXPECT_EQ(tasks[i].piece.first_panel, 0);
    EXPECT_EQ(tasks[i].piece.end_panel, 4);
    EXPECT_LE(tasks[i].piece.rows, 48);
    rows += tasks[i].piece.rows;
  }
  EXPECT_EQ(rows, 131);
  EXPECT_EQ(tasks[3].expert, 2);
}

TEST(ExpertTasksTest, OneExpertWithAllRowsIsStillDivided) {
  const std::vector<PackedMatrix> matrices(4, ShapeOf(384, 2));
  const std::vector<int32_t> first = {0, 0, 394, 394, 394};
  std::vector<int64_t> first_task(first.size());
  EXPECT_GE(ExpertTasks(matrices, first.data(), 16, first_task.data()).tasks(),
            16);
}

}  // namespace
}  // namespace moevit::cpu
