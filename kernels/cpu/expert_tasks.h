// The matrix products of all experts of a layer as one list of tasks, so that
// one parallel loop covers them whatever the sizes of their groups.

#ifndef MOEVIT_KERNELS_CPU_EXPERT_TASKS_H_
#define MOEVIT_KERNELS_CPU_EXPERT_TASKS_H_

#include <cstdint>
#include <vector>

#include "kernels/cpu/packed_matrix.h"
#include "kernels/cpu/product_split.h"

namespace moevit::cpu {

struct ExpertTask {
  int expert = 0;
  ProductPiece piece;  // rows count within the expert's group
};

class ExpertTasks {
 public:
  // matrices: of equal shape, one per expert.
  // first: [experts + 1], the groups' beginnings, as from GroupByExpert.
  // first_task: [experts + 1], filled in. All must outlive the object.
  ExpertTasks(const std::vector<PackedMatrix>& matrices, const int32_t* first,
              int64_t wanted_tasks, int64_t* first_task);

  // The same with tasks of whole panels and at most `block_rows` rows.
  static ExpertTasks ByRows(const std::vector<PackedMatrix>& matrices,
                            const int32_t* first, int64_t block_rows,
                            int64_t* first_task);

  int64_t tasks() const { return first_task_[matrices_.size()]; }

  // In ascending order of expert. REQUIRES: 0 <= task < tasks().
  ExpertTask operator[](int64_t task) const;

 private:
  ExpertTasks(const std::vector<PackedMatrix>& matrices, const int32_t* first,
              int64_t wanted_tasks, int64_t block_rows, int64_t* first_task);

  ProductSplit SplitOf(int64_t expert) const;

  const std::vector<PackedMatrix>& matrices_;
  const int32_t* const first_;
  const int64_t wanted_tasks_;
  const int64_t block_rows_;  // 0: as many tasks as wanted
  const int64_t* const first_task_;
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_EXPERT_TASKS_H_
