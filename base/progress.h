// A progress meter for long-running commands: percent, rate and time left on
// one line of the terminal. Silent when standard error is not a terminal, so
// that logs stay clean.

#ifndef MOEVIT_BASE_PROGRESS_H_
#define MOEVIT_BASE_PROGRESS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace moevit {

struct ProgressOptions {
  std::string label;            // for example "calibrating"
  std::string unit = "images";  // what is counted
  int64_t total = 0;            // items; 0 when not known
  absl::Duration redraw_interval = absl::Milliseconds(200);
  std::function<absl::Time()> clock = absl::Now;
  // Receives the text to show. Default: standard error if that is a terminal,
  // otherwise nothing is shown. Called with a lock held: must not call back.
  std::function<void(absl::string_view)> sink;
};

// Thread safe.
class ProgressMeter {
 public:
  explicit ProgressMeter(ProgressOptions options);
  ProgressMeter(const ProgressMeter&) = delete;
  ProgressMeter& operator=(const ProgressMeter&) = delete;

  // Ends the line with the final state.
  ~ProgressMeter();

  // Counts `items` more items as done; redraws if the last time is long ago.
  void Advance(int64_t items = 1);

 private:
  void Draw(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ProgressOptions options_;  // its sink is null when nothing is shown
  const absl::Time start_;

  Mutex mutex_;
  int64_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time last_draw_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  size_t drawn_width_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace moevit

#endif  // MOEVIT_BASE_PROGRESS_H_
