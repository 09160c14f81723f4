#include "kernels/cpu/expert_tasks.h"

#include <algorithm>

#include "kernels/cpu/aligned_memory.h"

namespace moevit::cpu {

ExpertTasks::ExpertTasks(const std::vector<PackedMatrix>& matrices,
                         const int32_t* first, int64_t wanted_tasks,
                         int64_t* first_task)
    : ExpertTasks(matrices, first, wanted_tasks, /*block_rows=*/0, first_task) {
}

ExpertTasks ExpertTasks::ByRows(const std::vector<PackedMatrix>& matrices,
                                const int32_t* first, int64_t block_rows,
                                int64_t* first_task) {
  return ExpertTasks(matrices, first, /*wanted_tasks=*/1, block_rows,
                     first_task);
}

ExpertTasks::ExpertTasks(const std::vector<PackedMatrix>& matrices,
                         const int32_t* first, int64_t wanted_tasks,
                         int64_t block_rows, int64_t* first_task)
    : matrices_(matrices),
      first_(first),
      wanted_tasks_(wanted_tasks),
      block_rows_(block_rows),
      first_task_(first_task) {
  first_task[0] = 0;
  for (size_t e = 0; e < matrices.size(); ++e) {
    first_task[e + 1] =
        first_task[e] + SplitOf(static_cast<int64_t>(e)).tasks();
  }
}

ExpertTask ExpertTasks::operator[](int64_t task) const {
  const int64_t* const after =
      std::upper_bound(first_task_, first_task_ + matrices_.size() + 1, task);
  ExpertTask result;
  result.expert = static_cast<int>(after - first_task_) - 1;
  result.piece = SplitOf(result.expert)[task - first_task_[result.expert]];
  return result;
}

// A group's share of the tasks is its share of the rows.
ProductSplit ExpertTasks::SplitOf(int64_t expert) const {
  const int64_t rows = first_[expert + 1] - first_[expert];
  if (block_rows_ > 0) {
    return ProductSplit::ByRows(rows, matrices_[expert], block_rows_);
  }
  const int64_t all_rows = std::max<int64_t>(first_[matrices_.size()], 1);
  const int64_t wanted = DivideUp(wanted_tasks_ * rows, all_rows);
  return ProductSplit(rows, matrices_[expert], std::max<int64_t>(wanted, 1));
}

}  // namespace moevit::cpu
