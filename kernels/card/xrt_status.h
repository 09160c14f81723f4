// XRT's exceptions and states as absl::Status.

#ifndef MOEVIT_KERNELS_CARD_XRT_STATUS_H_
#define MOEVIT_KERNELS_CARD_XRT_STATUS_H_

#include <ert.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace moevit {

// How a launch that is over has ended.
absl::Status LaunchStatus(absl::string_view launch, ert_cmd_state state);

// Within a catch block: what the exception says, after `what`.
absl::Status CaughtStatus(absl::string_view what);

// Calls `function`, which gives a Status or a StatusOr, and turns what it
// throws into one.
template <typename Function>
auto WithoutExceptions(absl::string_view what, const Function& function)
    -> decltype(function()) {
  try {
    return function();
  } catch (...) {
    return CaughtStatus(what);
  }
}

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_XRT_STATUS_H_
