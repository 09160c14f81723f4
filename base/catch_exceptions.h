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

// What `run` returns: an absl::Status or an absl::StatusOr. If it throws:
// kResourceExhausted for a lack of memory, kInternal for anything else.
// `task` completes "could not ...", for example "decode the image".
template <typename Run>
std::invoke_result_t<Run> CatchExceptions(absl::string_view task, Run run) {
  try {
    return run();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there was not enough memory to ", task));
  } catch (const std::exception& error) {
    return absl::InternalError(
        absl::StrCat("could not ", task, ": ", error.what()));
  } catch (...) {
    return absl::InternalError(absl::StrCat("could not ", task));
  }
}

}  // namespace moevit

#endif  // MOEVIT_BASE_CATCH_EXCEPTIONS_H_
