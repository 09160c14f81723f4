#include "kernels/card/card_use.h"

#include "base/status_macros.h"

namespace moevit {

bool IsCardFault(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kResourceExhausted:
      return false;
    default:
      return true;
  }
}

absl::Status AsDeviceError(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kPermissionDenied:
      return absl::UnavailableError(status.message());
    default:
      return status;
  }
}

absl::Status CardUse::Begin() {
  MOEVIT_RETURN_IF_ERROR(device_.Enter(&generation_));
  begun_ = true;
  return absl::OkStatus();
}

absl::Status CardUse::Begin(const Program* program, int pipeline) {
  MOEVIT_RETURN_IF_ERROR(Begin());
  MOEVIT_ASSIGN_OR_RETURN(resident_, device_.FindOrLoad(program, pipeline));
  return absl::OkStatus();
}

}  // namespace moevit
