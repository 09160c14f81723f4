// Takes a batch through all steps of a program, following the schedule.
//
// As many images as divide evenly among the workers go slice by slice, a
// slice's worker alone; the workers share each of the others.

#ifndef MOEVIT_KERNELS_CPU_BATCH_RUNNER_H_
#define MOEVIT_KERNELS_CPU_BATCH_RUNNER_H_

#include <atomic>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kernels/cpu/batch_view.h"
#include "kernels/cpu/schedule.h"
#include "kernels/cpu/step.h"

namespace moevit::cpu {

// Thread-compatible.
class BatchRunner {
 public:
  // Both outlive the object. With `timed`, measures how long steps take.
  BatchRunner(const StepList* steps, const std::vector<Segment>* schedule,
              int workers, bool timed);

  // Asks `cancelled` on the calling thread between any two of its steps.
  // Returns kCancelled once that answers true, or the error of a step.
  absl::Status Run(BatchRun* run, absl::FunctionRef<bool()> cancelled);

  // The time of a step in the runs since the last call, the mean over all
  // workers.
  absl::Duration TakeStepTime(int step);

 private:
  void RunSegment(BatchRun* run, const Segment& segment);
  // The first `images` images.
  void RunSlices(BatchRun* run, const Segment& segment, int images);
  void RunTogether(const Segment& segment, const BatchView& view);
  void RunStage(const Stage& stage, const BatchView& view, int worker);
  // Of the calling worker; true once the batch is to be given up.
  bool Stopped(int worker);

  const StepList& steps_;
  const std::vector<Segment>& schedule_;
  const int workers_;
  const bool timed_;
  absl::FunctionRef<bool()>* cancelled_ = nullptr;  // of the run in progress
  std::atomic<bool> stopped_ = false;
  // By worker and step.
  std::vector<std::vector<absl::Duration>> times_;
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_BATCH_RUNNER_H_
