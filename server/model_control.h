// When models are loaded and unloaded, and which.

#ifndef MOEVIT_SERVER_MODEL_CONTROL_H_
#define MOEVIT_SERVER_MODEL_CONTROL_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/version_policy.h"

namespace moevit {

enum class ModelControlMode {
  kNone,      // all at the start, for good
  kPoll,      // all, and what changes in the repository
  kExplicit,  // what clients ask for
};

// "none", "poll" or "explicit". Returns kInvalidArgument for anything else.
absl::StatusOr<ModelControlMode> ParseModelControlMode(absl::string_view text);

struct ModelControlOptions {
  ModelControlMode mode = ModelControlMode::kNone;

  // How often the repository is looked at, with kPoll. Default: 15 s.
  absl::Duration poll_interval = absl::Seconds(15);

  // What is loaded at the start, with kExplicit; "*" is every model.
  std::vector<std::string> load_models;

  // Default: all versions.
  VersionPolicies version_policies;

  // Whether a model that cannot be loaded at the start ends the server.
  bool exit_on_error = true;

  // Returns kInvalidArgument naming the option and its value.
  absl::Status Validate() const;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_MODEL_CONTROL_H_
