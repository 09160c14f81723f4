// The shapes of the values of a program as the CPU executor keeps them: rows
// padded to whole panels, and a few values of its own. Immutable.

#ifndef MOEVIT_KERNELS_CPU_VALUE_LAYOUT_H_
#define MOEVIT_KERNELS_CPU_VALUE_LAYOUT_H_

#include <cstdint>
#include <vector>

#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/packed_matrix.h"
#include "program/program.h"

namespace moevit::cpu {

class ValueLayouts {
 public:
  // REQUIRES: the program passed VerifyProgram.
  explicit ValueLayouts(const Program& program);

  // Those of the program first, under the same ids.
  int count() const { return static_cast<int>(layouts_.size()); }

  // Per image.
  int rows(ValueId id) const { return layouts_[id].rows; }
  int channels(ValueId id) const { return layouts_[id].channels; }
  // Elements from one row to the next: channels, rounded up to kRowPadding. The
  // rows of several images follow each other.
  int64_t stride(ValueId id) const { return layouts_[id].stride; }
  // Of one image's rows; 0 for routing, which is kept on its own.
  int64_t image_bytes(ValueId id) const {
    return rows(id) * stride(id) * layouts_[id].element_bytes;
  }

  // The outputs of an ExpertCombineOp's experts before they are combined: a row
  // of a token holds those of its choices one after the other, each as wide as
  // a row of the op's output.
  ValueId expert_outputs(ValueId combine_output) const {
    return layouts_[combine_output].expert_outputs;
  }

 private:
  struct Layout {
    int rows = 0;
    int channels = 0;
    int64_t stride = 0;
    int element_bytes = 0;
    ValueId expert_outputs = 0;
  };

  std::vector<Layout> layouts_;  // by ValueId
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_VALUE_LAYOUT_H_
