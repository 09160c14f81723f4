#include "kernels/cpu/batch_runner.h"

#include <cstdint>
#include <utility>

#include "absl/time/clock.h"
#include "kernels/cpu/aligned_memory.h"
#include "kernels/executor.h"

namespace moevit::cpu {
namespace {

// Fewer rows are not worth reading all weights of a stage for.
constexpr int64_t kMinPartRows = 48;

}  // namespace

BatchRunner::BatchRunner(const StepList* steps,
                         const std::vector<Segment>* schedule, int workers,
                         bool timed)
    : steps_(*steps),
      schedule_(*schedule),
      workers_(workers),
      timed_(timed),
      times_(workers, std::vector<absl::Duration>(steps->size())) {}

absl::Status BatchRunner::Run(BatchRun* run,
                              absl::FunctionRef<bool()> cancelled) {
  cancelled_ = &cancelled;
  stopped_.store(false, std::memory_order_relaxed);
  for (const Segment& segment : schedule_) {
    RunSegment(run, segment);
    if (!run->status.ok()) return run->status;
    if (stopped_.load(std::memory_order_relaxed)) return BatchCancelledError();
  }
  return absl::OkStatus();
}

absl::Duration BatchRunner::TakeStepTime(int step) {
  absl::Duration sum;
  for (auto& times : times_) {
    sum += std::exchange(times[step], absl::ZeroDuration());
  }
  return sum / workers_;
}

void BatchRunner::RunSegment(BatchRun* run, const Segment& segment) {
  const int alone = segment.whole_batch ? 0 : run->images / workers_ * workers_;
  if (alone > 0) RunSlices(run, segment, alone);
  if (alone < run->images) {
    RunTogether(segment, BatchView(run, alone, run->images - alone));
  }
}

void BatchRunner::RunSlices(BatchRun* run, const Segment& segment, int images) {
  const int most = run->store->slice_images();
  const int64_t slices = workers_ * DivideUp(images / workers_, most);
  run->team->Run(slices, [&](int64_t slice, int worker) {
    const int first = static_cast<int>(images * slice / slices);
    const int end = static_cast<int>(images * (slice + 1) / slices);
    const auto view = BatchView::Slice(run, first, end - first, worker);
    for (const Stage& stage : segment.stages) RunStage(stage, view, worker);
  });
}

void BatchRunner::RunTogether(const Segment& segment, const BatchView& view) {
  for (const Stage& stage : segment.stages) {
    if (int64_t{view.images()} * stage.rows < kMinPartRows * workers_) {
      RunStage(stage, view, /*worker=*/0);
      continue;
    }
    view.ForEach(workers_, [&](int64_t part, int worker) {
      RunStage(stage, view.Part(static_cast<int>(part), workers_, worker),
               worker);
    });
  }
}

void BatchRunner::RunStage(const Stage& stage, const BatchView& view,
                           int worker) {
  for (int i = stage.first; i < stage.end; ++i) {
    if (Stopped(worker)) return;
    if (!timed_) {
      steps_[i]->Run(view);
      continue;
    }
    const absl::Time start = absl::Now();
    steps_[i]->Run(view);
    // While one runs a step for the team, all are in it.
    times_[worker][i] += (absl::Now() - start) * view.workers();
  }
}

bool BatchRunner::Stopped(int worker) {
  if (stopped_.load(std::memory_order_relaxed)) return true;
  // Only the calling thread, the first worker, may ask.
  if (worker != 0 || !(*cancelled_)()) return false;
  stopped_.store(true, std::memory_order_relaxed);
  return true;
}

}  // namespace moevit::cpu
