// How long work takes, by a clock on the wall or by the processor's.

#ifndef MOEVIT_BASE_STOPWATCH_H_
#define MOEVIT_BASE_STOPWATCH_H_

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"

namespace moevit {

enum class TimeSource {
  kWall,  // monotonic
  // Processor time, which leaves out what other processes took meanwhile: of
  // the calling thread, or of all threads of this process together.
  kThreadCpu,
  kProcessCpu,
};

// Runs `work` and returns the time it took.
absl::Duration TimeOf(TimeSource source, absl::FunctionRef<void()> work);

}  // namespace moevit

#endif  // MOEVIT_BASE_STOPWATCH_H_
