#include "client/flag_errors.h"

#include "absl/strings/str_cat.h"

namespace moevit {

absl::Status CheckFlag(absl::string_view flag, int64_t value, int64_t min,
                       int64_t max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--", flag, " is ", value, "; it must be in [", min, ", ", max, "]"));
}

absl::Status FlagError(absl::string_view flag, const absl::Status& error) {
  return absl::Status(error.code(),
                      absl::StrCat("--", flag, ": ", error.message()));
}

}  // namespace moevit
