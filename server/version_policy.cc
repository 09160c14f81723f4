#include "server/version_policy.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "server/error_mapping.h"
#include "server/model_registry.h"

namespace moevit {

absl::StatusOr<VersionPolicy> VersionPolicy::Parse(absl::string_view text) {
  VersionPolicy policy;
  absl::string_view rest = text;
  if (rest == "all") return policy;
  if (absl::ConsumePrefix(&rest, "latest:") &&
      absl::SimpleAtoi(rest, &policy.latest) && policy.latest > 0) {
    return policy;
  }
  if (absl::ConsumePrefix(&rest, "specific:")) {
    std::set<int64_t> versions;
    for (const absl::string_view version : absl::StrSplit(rest, ',')) {
      MOEVIT_ASSIGN_OR_RETURN(const int64_t number, ParseModelVersion(version));
      versions.insert(number);
    }
    policy.specific.assign(versions.begin(), versions.end());
    return policy;
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "version_policy is %s, it must be all, latest:N or specific:V,V,...",
      Quoted(text)));
}

std::vector<int64_t> VersionPolicy::Select(
    const std::vector<int64_t>& versions) const {
  std::vector<int64_t> selected = versions;
  if (!specific.empty()) {
    selected.clear();
    std::set_intersection(versions.begin(), versions.end(), specific.begin(),
                          specific.end(), std::back_inserter(selected));
  } else if (latest > 0 && static_cast<size_t>(latest) < versions.size()) {
    selected.erase(selected.begin(), selected.end() - latest);
  }
  return selected;
}

std::string VersionPolicy::ToString() const {
  if (!specific.empty()) {
    return absl::StrCat("specific:", absl::StrJoin(specific, ","));
  }
  return latest > 0 ? absl::StrCat("latest:", latest) : "all";
}

absl::StatusOr<VersionPolicies> VersionPolicies::Parse(absl::string_view text) {
  VersionPolicies policies;
  std::set<std::string> seen;
  for (const absl::string_view part : absl::StrSplit(text, ';')) {
    const std::vector<std::string> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    const std::string model = pair.size() == 2 ? pair.front() : "";
    MOEVIT_ASSIGN_OR_RETURN(VersionPolicy policy,
                            VersionPolicy::Parse(pair.back()));
    if (!seen.insert(model).second) {
      return absl::InvalidArgumentError(
          absl::StrFormat("version_policy %s has two policies for %s",
                          Quoted(text), model.empty() ? "all models" : model));
    }
    (model.empty() ? policies.others : policies.models[model]) =
        std::move(policy);
  }
  return policies;
}

const VersionPolicy& VersionPolicies::Of(const std::string& model) const {
  const auto own = models.find(model);
  return own == models.end() ? others : own->second;
}

}  // namespace moevit
