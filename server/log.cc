#include "server/log.h"

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "nlohmann/json.hpp"

namespace moevit {
namespace {

constexpr size_t kMaxStringBytes = 1024;

std::atomic<LogFormat>& CurrentFormat() {
  static std::atomic<LogFormat> format = LogFormat::kText;
  return format;
}

absl::string_view Name(LogSeverity severity) {
  switch (severity) {
    case LogSeverity::kInfo:
      return "INFO";
    case LogSeverity::kWarning:
      return "WARNING";
    case LogSeverity::kError:
      return "ERROR";
  }
  return "";
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

std::string SecondsText(absl::Duration duration) {
  return absl::StrFormat("%.6f", absl::ToDoubleSeconds(duration));
}

bool IsEmpty(const LogField& field) {
  const auto* const text = std::get_if<absl::string_view>(&field.value);
  return text != nullptr && text->empty();
}

// Printable ASCII as it is, all else as \xNN.
std::string Printable(absl::string_view text, absl::string_view escaped) {
  std::string printable;
  for (const char c : text) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) {
      absl::StrAppendFormat(&printable, "\\x%02x",
                            static_cast<unsigned char>(c));
      continue;
    }
    if (escaped.find(c) != absl::string_view::npos) printable += '\\';
    printable += c;
  }
  return printable;
}

// Quoted where a reader could not tell where it ends.
std::string TextValue(absl::string_view text) {
  std::string printable = Printable(text, "\"\\");
  const bool plain = printable == text && text.find_first_of(" =") == text.npos;
  return plain ? printable : absl::StrCat("\"", printable, "\"");
}

std::string TextLine(absl::Time time, LogSeverity severity,
                     absl::string_view message, LogFields fields) {
  std::string line =
      absl::StrCat(TimeText(time), " ", Name(severity), " ",
                   Printable(message.substr(0, kMaxStringBytes), "\\"));
  for (const LogField& field : fields) {
    if (IsEmpty(field)) continue;
    absl::StrAppend(&line, " ", field.name, "=");
    if (const auto* text = std::get_if<absl::string_view>(&field.value)) {
      absl::StrAppend(&line, TextValue(text->substr(0, kMaxStringBytes)));
    } else if (const auto* number = std::get_if<int64_t>(&field.value)) {
      absl::StrAppend(&line, *number);
    } else {
      absl::StrAppend(&line,
                      SecondsText(std::get<absl::Duration>(field.value)));
    }
  }
  return line;
}

std::string JsonLine(absl::Time time, LogSeverity severity,
                     absl::string_view message, LogFields fields) {
  using Json = nlohmann::ordered_json;
  const auto string = [](absl::string_view text) {
    return std::string(text.substr(0, kMaxStringBytes));
  };
  Json line = {{"time", TimeText(time)},
               {"severity", std::string(Name(severity))},
               {"message", string(message)}};
  for (const LogField& field : fields) {
    if (IsEmpty(field)) continue;
    Json& value = line[std::string(field.name)];
    if (const auto* text = std::get_if<absl::string_view>(&field.value)) {
      value = string(*text);
    } else if (const auto* number = std::get_if<int64_t>(&field.value)) {
      value = *number;
    } else {
      // To the microsecond.
      value = static_cast<double>(absl::ToInt64Microseconds(
                  std::get<absl::Duration>(field.value))) /
              1e6;
    }
  }
  return line.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/true,
                   Json::error_handler_t::replace);
}

void Write(LogSeverity severity, absl::string_view message, LogFields fields) {
  const std::string line = absl::StrCat(
      FormatLogLine(CurrentFormat(), absl::Now(), severity, message, fields),
      "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

void SetLogFormat(LogFormat format) { CurrentFormat() = format; }

void LogInfo(absl::string_view message, LogFields fields) {
  Write(LogSeverity::kInfo, message, fields);
}

void LogWarning(absl::string_view message, LogFields fields) {
  Write(LogSeverity::kWarning, message, fields);
}

void LogError(absl::string_view message, LogFields fields) {
  Write(LogSeverity::kError, message, fields);
}

std::string FormatLogLine(LogFormat format, absl::Time time,
                          LogSeverity severity, absl::string_view message,
                          LogFields fields) {
  return format == LogFormat::kJson ? JsonLine(time, severity, message, fields)
                                    : TextLine(time, severity, message, fields);
}

bool LogLimit::Admit(absl::Time now, std::string* suppressed) {
  MutexLock lock(&mutex_);
  // A clock that was set back begins anew, too.
  if (now - start_ >= interval_ || now < start_) {
    start_ = now;
    admitted_ = 0;
  }
  if (admitted_ == count_) {
    ++suppressed_;
    return false;
  }
  ++admitted_;
  const int64_t count = std::exchange(suppressed_, 0);
  *suppressed = count == 0 ? "" : absl::StrCat(" (suppressed ", count, ")");
  return true;
}

}  // namespace moevit
