#include "kernels/cpu/value_store.h"

#include <algorithm>
#include <variant>

namespace moevit::cpu {
namespace {

// Kernels read inputs in quads and vectors, a little past the last row.
constexpr int64_t kReadAhead = kAlignment;

// What a frame may take up of the second cache: half of the smallest in use
// with wide vectors, 1 MiB.
constexpr int64_t kFrameBytes = int64_t{512} << 10;

// By step, the number of the stage or segment it is in.
struct Times {
  std::vector<int> step, stage, segment;
};

Times NumberSteps(const std::vector<Segment>& schedule) {
  Times times;
  int stages = 0;
  for (int segment = 0; segment < static_cast<int>(schedule.size());
       ++segment) {
    for (const Stage& stage : schedule[segment].stages) {
      for (int step = stage.first; step < stage.end; ++step) {
        times.step.push_back(step);
        times.stage.push_back(stages);
        times.segment.push_back(segment);
      }
      ++stages;
    }
  }
  return times;
}

}  // namespace

ValueStore::ValueStore(const Program& program, const ValueLayouts& layouts,
                       const std::vector<StepUse>& steps,
                       const std::vector<Segment>& schedule, int max_images,
                       int workers)
    : max_images_(max_images), routings_(program.values.size()) {
  for (ValueId id = 0; id < layouts.count(); ++id) {
    image_bytes_.push_back(layouts.image_bytes(id));
  }
  PlanMemory(steps, schedule);
  slice_images_ = static_cast<int>(std::clamp<int64_t>(
      kFrameBytes / std::max<int64_t>(own_plan_.bytes, 1), 1, max_images));
  kept_block_ = memory_.AllocateArray<uint8_t>(kept_plan_.bytes * max_images);
  frames_ = memory_.AllocateArray<uint8_t>(
      std::max(own_plan_.bytes * slice_images_ * workers,
               common_plan_.bytes * std::min(workers - 1, max_images)));
  for (const Op& op : program.ops) {
    if (const auto* gate = std::get_if<GateOp>(&op.body)) {
      routings_[gate->output] =
          PlaceRouting(*gate, int64_t{max_images} * layouts.rows(gate->output));
    }
  }
}

void ValueStore::PlanMemory(const std::vector<StepUse>& steps,
                            const std::vector<Segment>& schedule) {
  const auto values = static_cast<int>(image_bytes_.size());
  const Times times = NumberSteps(schedule);
  const std::vector<Lifetime> segments =
      ValueLifetimes(values, steps, times.segment);
  std::vector<int64_t> kept_bytes(values), frame_bytes(values);
  for (ValueId id = 0; id < values; ++id) {
    const Lifetime& life = segments[id];
    kept_.push_back(life.first != life.last ||
                    schedule[life.first].whole_batch);
    if (image_bytes_[id] == 0) continue;
    (kept_[id] ? kept_bytes : frame_bytes)[id] = image_bytes_[id] + kReadAhead;
  }
  kept_plan_ = PlanBuffers(segments, kept_bytes);
  own_plan_ =
      PlanBuffers(ValueLifetimes(values, steps, times.step), frame_bytes);
  common_plan_ =
      PlanBuffers(ValueLifetimes(values, steps, times.stage), frame_bytes);
}

Frame ValueStore::OwnFrame(int worker, int images) const {
  return {frames_ + worker * own_plan_.bytes * slice_images_, &own_plan_,
          images};
}

Frame ValueStore::CommonFrame(int images) const {
  return {frames_, &common_plan_, images};
}

Routing ValueStore::PlaceRouting(const GateOp& gate, int64_t tokens) {
  const int64_t assignments = tokens * gate.top_k;
  Routing routing;
  routing.experts = memory_.AllocateArray<uint16_t>(assignments);
  routing.weights = memory_.AllocateArray<uint16_t>(assignments);
  routing.first = memory_.AllocateArray<int32_t>(gate.experts + 1);
  routing.order = memory_.AllocateArray<int32_t>(assignments);
  routing.tokens = memory_.AllocateArray<int32_t>(assignments);
  return routing;
}

}  // namespace moevit::cpu
