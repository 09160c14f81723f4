// What commands say of flags whose values will not do.

#ifndef MOEVIT_CLIENT_FLAG_ERRORS_H_
#define MOEVIT_CLIENT_FLAG_ERRORS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace moevit {

// kInvalidArgument "--<flag> is <value>; it must be in [<min>, <max>]" unless
// it is.
absl::Status CheckFlag(absl::string_view flag, int64_t value, int64_t min,
                       int64_t max);

// `error`, with the flag whose value is its cause in front of the message.
// REQUIRES: !error.ok()
absl::Status FlagError(absl::string_view flag, const absl::Status& error);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_FLAG_ERRORS_H_
