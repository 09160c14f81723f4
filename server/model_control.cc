#include "server/model_control.h"

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/error_mapping.h"

namespace moevit {

absl::StatusOr<ModelControlMode> ParseModelControlMode(absl::string_view text) {
  if (text == "none") return ModelControlMode::kNone;
  if (text == "poll") return ModelControlMode::kPoll;
  if (text == "explicit") return ModelControlMode::kExplicit;
  return absl::InvalidArgumentError(absl::StrFormat(
      "model_control is %s, it must be none, poll or explicit", Quoted(text)));
}

absl::Status ModelControlOptions::Validate() const {
  if (poll_interval < absl::Milliseconds(100) ||
      poll_interval == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "repository_poll_interval is %s, it must be at least 100 ms and not "
        "infinite",
        absl::FormatDuration(poll_interval)));
  }
  if (!load_models.empty() && mode != ModelControlMode::kExplicit) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "load_model is %s, but without model_control=explicit every model is "
        "loaded",
        absl::StrJoin(load_models, ",")));
  }
  return absl::OkStatus();
}

}  // namespace moevit
