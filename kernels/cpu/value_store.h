// Memory for the values of a program while it runs.
//
// What one segment of the schedule hands to another is kept for the whole
// batch. All else lives while an image passes through one segment, in a frame:
// a block that is used again for the next images and therefore stays in a
// worker's cache.

#ifndef MOEVIT_KERNELS_CPU_VALUE_STORE_H_
#define MOEVIT_KERNELS_CPU_VALUE_STORE_H_

#include <cstdint>
#include <vector>

#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/buffer_plan.h"
#include "kernels/cpu/schedule.h"
#include "kernels/cpu/step_use.h"
#include "kernels/cpu/value_layout.h"
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

// The values of `images` images: value `id` begins at
// base + plan->offsets[id] * images.
struct Frame {
  uint8_t* base = nullptr;
  const BufferPlan* plan = nullptr;
  int images = 0;

  uint8_t* operator[](ValueId id) const {
    return base + plan->offsets[id] * images;
  }
};

// Thread-compatible.
class ValueStore {
 public:
  // For batches of up to `max_images`.
  ValueStore(const Program& program, const ValueLayouts& layouts,
             const std::vector<StepUse>& steps,
             const std::vector<Segment>& schedule, int max_images, int workers);

  // Images whose values fit the cache, at least 1: the most that OwnFrame has
  // room for.
  int slice_images() const { return slice_images_; }

  // For `images` images that one worker carries through a segment; each worker
  // has its own.
  Frame OwnFrame(int worker, int images) const;
  // For fewer images than there are workers, who share every image and work on
  // different steps of a stage at the same time. It lies where the others do.
  Frame CommonFrame(int images) const;

  // The value of `image`, counted in the batch, if it is kept for the whole
  // batch; null if it is in a frame.
  uint8_t* kept(ValueId id, int64_t image) const {
    if (!kept_[id]) return nullptr;
    return kept_block_ + kept_plan_.offsets[id] * max_images_ +
           image * image_bytes_[id];
  }
  const Routing& routing(ValueId id) const { return routings_[id]; }

  int64_t bytes() const { return memory_.allocated_bytes(); }

 private:
  void PlanMemory(const std::vector<StepUse>& steps,
                  const std::vector<Segment>& schedule);
  Routing PlaceRouting(const GateOp& gate, int64_t tokens);

  const int max_images_;
  std::vector<int64_t> image_bytes_;  // by ValueId, as all below
  std::vector<bool> kept_;
  BufferPlan kept_plan_;    // of one image, as all plans
  BufferPlan own_plan_;     // steps one after the other
  BufferPlan common_plan_;  // steps of a stage side by side
  int slice_images_ = 1;
  MemoryArena memory_;
  uint8_t* kept_block_ = nullptr;
  uint8_t* frames_ = nullptr;
  std::vector<Routing> routings_;
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_VALUE_STORE_H_
