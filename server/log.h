// The server's log: one line to standard error per event, as text or as a JSON
// object. A line is never torn, and nothing that a client sends can forge one:
// what is not printable is escaped.
//
// Thread safe. Never give it a token, a key or an image.

#ifndef MOEVIT_SERVER_LOG_H_
#define MOEVIT_SERVER_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace moevit {

enum class LogFormat {
  kText,  // TIME SEVERITY MESSAGE NAME=VALUE...
  kJson,  // {"time":..., "severity":..., "message":..., NAME: VALUE, ...}
};

enum class LogSeverity { kInfo, kWarning, kError };

// A duration is written as seconds, as a decimal number. An empty string is
// left out with its name.
struct LogField {
  absl::string_view name;
  std::variant<absl::string_view, int64_t, absl::Duration> value;
};
using LogFields = std::initializer_list<LogField>;

// For the whole process. Default: text.
void SetLogFormat(LogFormat format);

void LogInfo(absl::string_view message, LogFields fields = {});
void LogWarning(absl::string_view message, LogFields fields = {});
void LogError(absl::string_view message, LogFields fields = {});

// The line for an event, without its end. Strings are cut at 1 KiB.
std::string FormatLogLine(LogFormat format, absl::Time time,
                          LogSeverity severity, absl::string_view message,
                          LogFields fields);

// Keeps one place from filling the log. Give each place its own, static.
class LogLimit {
 public:
  // Admits `count` lines in each `interval`, which begins with a line.
  LogLimit(int64_t count, absl::Duration interval)
      : count_(count), interval_(interval) {}

  // Whether a line may be written at `now`. If so, `*suppressed` is what to
  // append to its message: how many were not written since the last, if any.
  bool Admit(absl::Time now, std::string* suppressed);

 private:
  const int64_t count_;
  const absl::Duration interval_;

  Mutex mutex_;
  absl::Time start_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  int64_t admitted_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t suppressed_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_LOG_H_
