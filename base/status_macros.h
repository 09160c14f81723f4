// The two shorthands for passing an error on to the caller.

#ifndef MOEVIT_BASE_STATUS_MACROS_H_
#define MOEVIT_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns the status that `expression` gives unless it is OK.
#define MOEVIT_RETURN_IF_ERROR(expression)                                \
  do {                                                                    \
    if (absl::Status moevit_status = (expression); !moevit_status.ok()) { \
      return moevit_status;                                               \
    }                                                                     \
  } while (false)

// Evaluates `expression`, an absl::StatusOr. Returns its status unless it is
// OK; otherwise moves its value into `target`, which may be a declaration:
//   MOEVIT_ASSIGN_OR_RETURN(std::string text, ReadFile(path, kLimit));
#define MOEVIT_ASSIGN_OR_RETURN(target, ...)                                 \
  MOEVIT_ASSIGN_OR_RETURN_(MOEVIT_CONCAT_(moevit_result_, __LINE__), target, \
                           __VA_ARGS__)

// Implementation details follow.
#define MOEVIT_CONCAT_INNER_(a, b) a##b
#define MOEVIT_CONCAT_(a, b) MOEVIT_CONCAT_INNER_(a, b)
#define MOEVIT_ASSIGN_OR_RETURN_(result, target, ...) \
  auto result = (__VA_ARGS__);                        \
  if (!result.ok()) return result.status();           \
  target = *std::move(result)

#endif  // MOEVIT_BASE_STATUS_MACROS_H_
