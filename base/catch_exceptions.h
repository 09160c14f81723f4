// For code that may meet a failed allocation or an exception of a library:
// turns them into a status, so that they end what was being done and not the
// process.

#ifndef MOEVIT_BASE_CATCH_EXCEPTIONS_H_
#define MOEVIT_BASE_CATCH_EXCEPTIONS_H_

#include <exception>
#include <new>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace moevit {

namespace catch_exceptions_internal {

// The error, without its message if there is no memory for that either.
template <typename... Parts>
absl::Status ErrorOf(absl::StatusCode code, const Parts&... message) {
  try {
    return absl::Status(code, absl::StrCat(message...));
  } catch (const std::bad_alloc&) {
    return absl::Status(code, "");
  }
}

}  // namespace catch_exceptions_internal

// What `run` returns: an absl::Status or an absl::StatusOr. If it throws:
// kResourceExhausted for a lack of memory, kInternal for anything else.
// `task` completes "could not ...", for example "decode the image".
// Throws nothing itself, however little memory there is.
template <typename Run>
std::invoke_result_t<Run> CatchExceptions(absl::string_view task, Run run) {
  try {
    return run();
  } catch (const std::bad_alloc&) {
    return catch_exceptions_internal::ErrorOf(
        absl::StatusCode::kResourceExhausted, "there was not enough memory to ",
        task);
  } catch (const std::exception& error) {
    return catch_exceptions_internal::ErrorOf(
        absl::StatusCode::kInternal, "could not ", task, ": ", error.what());
  } catch (...) {
    return catch_exceptions_internal::ErrorOf(absl::StatusCode::kInternal,
                                              "could not ", task);
  }
}

// For what may be left undone, such as counting something: does `run`, and if
// it throws, leaves it at that.
template <typename Run>
void IgnoreExceptions(Run run) noexcept {
  try {
    run();
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

}  // namespace moevit

#endif  // MOEVIT_BASE_CATCH_EXCEPTIONS_H_
