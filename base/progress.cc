#include "base/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace moevit {
namespace {

void WriteToStandardError(absl::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

ProgressOptions WithDefaultSink(ProgressOptions options) {
  if (!options.sink && isatty(STDERR_FILENO)) {
    options.sink = WriteToStandardError;
  }
  return options;
}

}  // namespace

ProgressMeter::ProgressMeter(ProgressOptions options)
    : options_(WithDefaultSink(std::move(options))), start_(options_.clock()) {}

ProgressMeter::~ProgressMeter() {
  const MutexLock lock(&mutex_);
  if (!options_.sink) return;
  Draw(options_.clock());
  options_.sink("\n");
}

void ProgressMeter::Advance(int64_t items) {
  const MutexLock lock(&mutex_);
  done_ += items;
  if (!options_.sink) return;
  const absl::Time now = options_.clock();
  if (now - last_draw_ >= options_.redraw_interval) Draw(now);
}

void ProgressMeter::Draw(absl::Time now) {
  last_draw_ = now;
  const double seconds = absl::ToDoubleSeconds(now - start_);
  const double rate = seconds > 0 ? done_ / seconds : 0;
  std::string line = absl::StrCat(options_.label, ": ", done_);
  if (options_.total > 0) {
    absl::StrAppendFormat(&line, "/%d %s (%.0f%%)", options_.total,
                          options_.unit, 100.0 * done_ / options_.total);
  } else {
    absl::StrAppend(&line, " ", options_.unit);
  }
  if (rate > 0) {
    absl::StrAppendFormat(&line, ", %.3g %s/s", rate, options_.unit);
  }
  if (rate > 0 && done_ < options_.total) {
    const absl::Duration left = absl::Seconds((options_.total - done_) / rate);
    absl::StrAppend(&line, ", ",
                    absl::FormatDuration(absl::Ceil(left, absl::Seconds(1))),
                    " left");
  }
  // Blanks wipe out what a longer line before this one left behind.
  const size_t width = line.size();
  line.resize(std::max(width, drawn_width_), ' ');
  drawn_width_ = width;
  options_.sink(absl::StrCat("\r", line));
}

}  // namespace moevit
