// Points in time and tasks that can be told apart, for tests of queues.

#ifndef MOEVIT_TESTS_SCHEDULER_NAMED_TASKS_H_
#define MOEVIT_TESTS_SCHEDULER_NAMED_TASKS_H_

#include <vector>

#include "absl/time/time.h"
#include "scheduler/image_task.h"

namespace moevit {

inline absl::Time At(int milliseconds) {
  return absl::UnixEpoch() + absl::Milliseconds(milliseconds);
}

// Tasks are told apart by their single pixel.
inline std::vector<int> Names(const std::vector<ImageTask>& tasks) {
  std::vector<int> names;
  for (const ImageTask& task : tasks) names.push_back(task.pixels[0]);
  return names;
}

}  // namespace moevit

#endif  // MOEVIT_TESTS_SCHEDULER_NAMED_TASKS_H_
