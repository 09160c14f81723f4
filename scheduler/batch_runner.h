// Executes one batch: from the images' tasks to their results.

#ifndef MOEVIT_SCHEDULER_BATCH_RUNNER_H_
#define MOEVIT_SCHEDULER_BATCH_RUNNER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kernels/executor.h"
#include "scheduler/clock.h"
#include "scheduler/image_task.h"

namespace moevit {

// What was executed, for metrics and for learning what a batch costs.
struct BatchReport {
  std::string device;
  int images = 0;
  absl::Duration compute;
  absl::Duration duration;   // since it was decided on: compute and overheads
  absl::Duration predicted;  // of the duration; zero while not known
  absl::Status status;       // of the whole batch
  ExpertLoad expert_load;    // of a batch that succeeded
};

// The sizes of one image of a model.
struct ImageShape {
  int64_t pixel_bytes = 0;
  int classes = 0;
};

// Gives the tasks' places in the queue back and runs `executor`. On success
// fills in `results`, one for each task. The tasks stay fit to be executed
// again. Exceptions of the executor become errors: kResourceExhausted for
// memory, kInternal for all others. Stops early, with kCancelled, once no task
// is wanted any more. Blocks for as long as the executor does.
// REQUIRES: tasks is not empty and every task has shape.pixel_bytes pixels.
BatchReport ExecuteBatch(Executor& executor, const ImageShape& shape,
                         Clock& clock, std::vector<ImageTask>& tasks,
                         std::vector<ImageResult>& results);

// Runs `executor` on an image that is all zeros and returns its status.
absl::Status ProbeExecutor(Executor& executor, const ImageShape& shape);

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_BATCH_RUNNER_H_
