// What a step works on and who does the work: images of a batch, or a part of
// their rows, shared by a team or one worker's alone.

#ifndef MOEVIT_KERNELS_CPU_BATCH_VIEW_H_
#define MOEVIT_KERNELS_CPU_BATCH_VIEW_H_

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "kernels/cpu/value_layout.h"
#include "kernels/cpu/value_store.h"
#include "kernels/cpu/worker_team.h"

namespace moevit::cpu {

// Where a run of a program over a batch finds everything. Outlives its views.
struct BatchRun {
  const ValueLayouts* layouts = nullptr;
  const ValueStore* store = nullptr;
  WorkerTeam* team = nullptr;
  // scratch_bytes() of the hungriest step for each worker, aligned; content
  // undefined.
  uint8_t* scratch = nullptr;
  int64_t scratch_stride = 0;
  int images = 0;
  const uint8_t* pixels = nullptr;
  int64_t image_bytes = 0;  // of pixels
  int32_t* logits = nullptr;
  // A step of Scope::kBatch that fails says why here.
  absl::Status status;
};

// Copy freely.
class BatchView {
 public:
  // Images [first_image, first_image + images), for the whole team.
  BatchView(BatchRun* run, int first_image, int images)
      : run_(run),
        first_image_(first_image),
        images_(images),
        frame_(run->store->CommonFrame(images)) {}

  // The same images for one worker, who keeps their values in its own frame.
  // REQUIRES: at most slice_images() images.
  static BatchView Slice(BatchRun* run, int first_image, int images,
                         int worker);

  // The part-th of `parts` nearly equal parts of all rows, for one worker. Only
  // for steps of Scope::kRows.
  BatchView Part(int part, int parts, int worker) const;

  int images() const { return images_; }
  const uint8_t* pixels() const {
    return run_->pixels + first_image_ * run_->image_bytes;
  }
  int32_t* logits(int classes) const {
    return run_->logits + int64_t{first_image_} * classes;
  }

  int channels(ValueId id) const { return run_->layouts->channels(id); }
  int64_t stride(ValueId id) const { return run_->layouts->stride(id); }
  int64_t rows_per_image(ValueId id) const { return run_->layouts->rows(id); }
  // Of the whole view.
  int64_t rows(ValueId id) const { return RowCut(id, 1) - RowCut(id, 0); }
  // Counted from the first row of the batch.
  int64_t first_row(ValueId id) const {
    return first_image_ * rows_per_image(id) + RowCut(id, 0);
  }

  // The first row of the view; `stride` elements lead to the next. Codes are
  // kept as code + 128. REQUIRES: the value has this type.
  uint8_t* codes(ValueId id) const { return At<uint8_t>(id); }
  int16_t* wide(ValueId id) const { return At<int16_t>(id); }
  // Of the whole batch.
  const Routing& routing(ValueId id) const { return run_->store->routing(id); }

  // Calls body(index, worker) as WorkerTeam::Run does.
  void ForEach(int64_t count, WorkerTeam::Body body) const;
  int workers() const { return alone_ ? 1 : run_->team->workers(); }
  // Memory of one worker of ForEach.
  uint8_t* scratch(int worker) const {
    return run_->scratch + worker * run_->scratch_stride;
  }

  void Fail(absl::Status status) const { run_->status = std::move(status); }

 private:
  // Where the view's part begins (i = 0) and ends (i = 1), within its images.
  int64_t RowCut(ValueId id, int i) const {
    return images_ * rows_per_image(id) * (part_ + i) / parts_;
  }

  template <typename T>
  T* At(ValueId id) const {
    uint8_t* image = run_->store->kept(id, first_image_);
    if (image == nullptr) image = frame_[id];
    return reinterpret_cast<T*>(image) + RowCut(id, 0) * stride(id);
  }

  BatchRun* run_;
  int first_image_;
  int images_;
  Frame frame_;
  int part_ = 0;
  int parts_ = 1;
  bool alone_ = false;
  int worker_ = 0;  // the one who is alone
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_BATCH_VIEW_H_
