#include "base/stopwatch.h"

#include <time.h>

namespace moevit {
namespace {

clockid_t ClockOf(TimeSource source) {
  switch (source) {
    case TimeSource::kThreadCpu:
      return CLOCK_THREAD_CPUTIME_ID;
    case TimeSource::kProcessCpu:
      return CLOCK_PROCESS_CPUTIME_ID;
    case TimeSource::kWall:
      break;
  }
  return CLOCK_MONOTONIC;
}

absl::Duration Read(TimeSource source) {
  timespec time;
  clock_gettime(ClockOf(source), &time);
  return absl::DurationFromTimespec(time);
}

}  // namespace

absl::Duration TimeOf(TimeSource source, absl::FunctionRef<void()> work) {
  const absl::Duration start = Read(source);
  work();
  return Read(source) - start;
}

}  // namespace moevit
