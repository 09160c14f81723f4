// Which of a model's versions are served.

#ifndef MOEVIT_SERVER_VERSION_POLICY_H_
#define MOEVIT_SERVER_VERSION_POLICY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace moevit {

// Of one model.
struct VersionPolicy {
  int latest = 0;                 // the so many highest ones; 0: see below
  std::vector<int64_t> specific;  // these, ascending; if empty: all

  // "all", "latest:N" or "specific:V,V,...". Returns kInvalidArgument, with
  // the text, for anything else.
  static absl::StatusOr<VersionPolicy> Parse(absl::string_view text);

  // Those of `versions`, which are ascending, that are to be served.
  std::vector<int64_t> Select(const std::vector<int64_t>& versions) const;

  // As Parse takes it.
  std::string ToString() const;
};

// Of every model.
struct VersionPolicies {
  VersionPolicy others;  // of models that are not in:
  std::map<std::string, VersionPolicy> models;

  // Policies separated by ";", each for all other models or, as NAME=POLICY,
  // for one. The errors are those of VersionPolicy::Parse, and kInvalidArgument
  // for a second one for the same models.
  static absl::StatusOr<VersionPolicies> Parse(absl::string_view text);

  const VersionPolicy& Of(const std::string& model) const;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_VERSION_POLICY_H_
