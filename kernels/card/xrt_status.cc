#include "kernels/card/xrt_status.h"

#include <cerrno>
#include <exception>
#include <new>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace moevit {
namespace {

absl::StatusCode CodeOf(int error_number) {
  switch (error_number) {
    case ENODEV:   // offline or gone
    case EDEADLK:  // waits for a reset since a launch timed out
    case EBUSY:    // in use by another process
    case ETIMEDOUT:
      return absl::StatusCode::kUnavailable;
    case ENOMEM:
    case ENOSPC:
      return absl::StatusCode::kResourceExhausted;
    case ENOENT:
      return absl::StatusCode::kNotFound;
    case EACCES:
    case EPERM:
      return absl::StatusCode::kPermissionDenied;
    case EINVAL:
      return absl::StatusCode::kInvalidArgument;
    case EOPNOTSUPP:  // an image for another shell
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

absl::Status LaunchStatus(absl::string_view launch, ert_cmd_state state) {
  switch (state) {
    case ERT_CMD_STATE_COMPLETED:
      return absl::OkStatus();
    case ERT_CMD_STATE_ABORT:
      return absl::AbortedError(absl::StrCat(launch, " was aborted"));
    case ERT_CMD_STATE_TIMEOUT:
    case ERT_CMD_STATE_NORESPONSE:
      return absl::UnavailableError(absl::StrCat(
          launch, " got no answer: the card has to be reset (state ",
          static_cast<int>(state), ")"));
    default:
      return absl::InternalError(absl::StrCat(
          launch, " failed on the card (state ", static_cast<int>(state), ")"));
  }
}

absl::Status CaughtStatus(absl::string_view what) {
  const auto text = [what](const std::exception& exception) {
    return absl::StrCat(what, ": ", exception.what());
  };
  try {
    throw;
  } catch (const std::bad_alloc& exception) {
    return absl::ResourceExhaustedError(text(exception));
  } catch (const std::system_error& exception) {
    return absl::Status(CodeOf(exception.code().value()), text(exception));
  } catch (const std::exception& exception) {
    return absl::InternalError(text(exception));
  } catch (...) {
    return absl::InternalError(absl::StrCat(what, ": an unknown exception"));
  }
}

}  // namespace moevit
