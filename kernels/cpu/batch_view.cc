#include "kernels/cpu/batch_view.h"

namespace moevit::cpu {

BatchView BatchView::Slice(BatchRun* run, int first_image, int images,
                           int worker) {
  BatchView view(run, first_image, images);
  view.frame_ = run->store->OwnFrame(worker, images);
  view.alone_ = true;
  view.worker_ = worker;
  return view;
}

BatchView BatchView::Part(int part, int parts, int worker) const {
  BatchView view = *this;
  view.part_ = part;
  view.parts_ = parts;
  view.alone_ = true;
  view.worker_ = worker;
  return view;
}

void BatchView::ForEach(int64_t count, WorkerTeam::Body body) const {
  if (!alone_) {
    run_->team->Run(count, body);
    return;
  }
  for (int64_t index = 0; index < count; ++index) body(index, worker_);
}

}  // namespace moevit::cpu
