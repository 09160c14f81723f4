#include "server/traceparent.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

namespace moevit {
namespace {

// version "-" trace-id "-" parent-id "-" flags
constexpr size_t kVersion = 0, kVersionDigits = 2;
constexpr size_t kTraceId = 3, kTraceIdDigits = 32;
constexpr size_t kParentId = 36, kParentIdDigits = 16;
constexpr size_t kFlags = 53, kFlagsDigits = 2;
constexpr size_t kSize = 55;

bool IsLowerHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
  });
}

bool IsId(absl::string_view text) {
  return IsLowerHex(text) && text.find_first_not_of('0') != text.npos;
}

bool HasKnownSize(absl::string_view header, absl::string_view version) {
  if (header.size() == kSize) return true;
  return version != "00" && header.size() > kSize && header[kSize] == '-';
}

}  // namespace

std::optional<TraceParent> ParseTraceParent(absl::string_view header) {
  if (header.size() < kSize) return std::nullopt;
  const absl::string_view version = header.substr(kVersion, kVersionDigits);
  const absl::string_view trace_id = header.substr(kTraceId, kTraceIdDigits);
  const absl::string_view parent_id = header.substr(kParentId, kParentIdDigits);
  const absl::string_view flags = header.substr(kFlags, kFlagsDigits);
  const bool dashes = header[kTraceId - 1] == '-' &&
                      header[kParentId - 1] == '-' && header[kFlags - 1] == '-';
  if (!dashes || !IsLowerHex(version) || version == "ff" ||
      !HasKnownSize(header, version) || !IsId(trace_id) || !IsId(parent_id) ||
      !IsLowerHex(flags)) {
    return std::nullopt;
  }
  const char last = flags.back();
  const int low_bits = last <= '9' ? last - '0' : last - 'a' + 10;
  return TraceParent{.trace_id = std::string(trace_id),
                     .parent_id = std::string(parent_id),
                     .sampled = (low_bits & 1) != 0};
}

}  // namespace moevit
