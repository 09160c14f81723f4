// The values of a program for a whole batch of images, in one block of memory.

#ifndef MOEVIT_KERNELS_CPU_VALUE_STORE_H_
#define MOEVIT_KERNELS_CPU_VALUE_STORE_H_

#include <cstdint>
#include <vector>

#include "kernels/cpu/aligned_memory.h"
#include "program/program.h"

namespace moevit::cpu {

// A routing value: decisions by assignment, token * top_k + slot over the whole
// batch, and the same grouped by expert (scheduler/experts/expert_groups.h).
struct Routing {
  uint16_t* experts = nullptr;
  uint16_t* weights = nullptr;  // units of 2^-15
  int32_t* first = nullptr;     // [experts + 1], beginnings in `order`
  int32_t* order = nullptr;     // assignments by expert
  int32_t* tokens = nullptr;    // by position in `order`: assignment / top_k
};

// Thread-compatible.
class ValueStore {
 public:
  // Places the values of `max_images` images of a program that passed
  // VerifyProgram.
  ValueStore(const Program& program, int max_images);

  // Per image.
  int rows(ValueId id) const { return layouts_[id].rows; }
  int channels(ValueId id) const { return layouts_[id].channels; }
  // Elements from one row to the next: channels, rounded up to kRowPadding. The
  // rows of all images follow each other.
  int64_t stride(ValueId id) const { return layouts_[id].stride; }

  // Codes are kept as code + 128. REQUIRES: the value has this type.
  uint8_t* codes(ValueId id) const { return block_ + layouts_[id].offset; }
  int16_t* wide(ValueId id) const {
    return reinterpret_cast<int16_t*>(block_ + layouts_[id].offset);
  }
  const Routing& routing(ValueId id) const { return layouts_[id].routing; }
  // Room for the outputs of an ExpertCombineOp's experts, by assignment, with
  // the stride of the op's output. Content lasts for that op only.
  int16_t* expert_outputs(ValueId combine_output) const {
    return reinterpret_cast<int16_t*>(block_ +
                                      layouts_[combine_output].expert_outputs);
  }

  int64_t bytes() const { return memory_.allocated_bytes(); }

 private:
  struct Layout {
    int rows = 0;
    int channels = 0;
    int64_t stride = 0;
    int64_t offset = 0;
    int64_t expert_outputs = 0;  // offset
    Routing routing;
  };

  Routing PlaceRouting(const GateOp& gate, int64_t tokens);

  MemoryArena memory_;
  std::vector<Layout> layouts_;  // by ValueId
  uint8_t* block_ = nullptr;
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_VALUE_STORE_H_
