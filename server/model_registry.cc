#include "server/model_registry.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "server/error_mapping.h"

namespace moevit {
namespace {

// For lists in messages; the part of the entry that they show.
template <typename Map>
std::string Keys(const Map& map) {
  return absl::StrJoin(map, ", ", [](std::string* out, const auto& entry) {
    absl::StrAppend(out, entry.first);
  });
}

absl::Status LoadingError(absl::string_view name) {
  return absl::UnavailableError(
      absl::StrFormat("model %s is being loaded", Quoted(name)));
}

}  // namespace

absl::StatusOr<int64_t> ParseModelVersion(absl::string_view text) {
  int64_t version = 0;
  const bool well_formed = !text.empty() && absl::ascii_isdigit(text[0]) &&
                           text[0] != '0' && absl::SimpleAtoi(text, &version);
  // SimpleAtoi admits white space behind the number.
  if (!well_formed || absl::StrCat(version) != text) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s is not a model version: a positive decimal number is expected",
        Quoted(text)));
  }
  return version;
}

ModelRegistry::ModelPointer ModelRegistry::Put(ModelPointer model) {
  MutexLock lock(&mutex_);
  return std::exchange(models_[model->name][model->version], std::move(model));
}

ModelRegistry::ModelPointer ModelRegistry::Remove(absl::string_view name,
                                                  int64_t version) {
  MutexLock lock(&mutex_);
  const auto model = models_.find(name);
  if (model == models_.end()) return nullptr;
  auto removed = model->second.extract(version);
  if (model->second.empty()) models_.erase(model);
  return removed.empty() ? nullptr : std::move(removed.mapped());
}

void ModelRegistry::SetLoading(const std::string& name, bool loading) {
  MutexLock lock(&mutex_);
  if (loading) {
    loading_.insert(name);
  } else {
    loading_.erase(name);
  }
}

absl::StatusOr<ModelRegistry::ModelPointer> ModelRegistry::Find(
    absl::string_view name, absl::string_view version) const {
  MutexLock lock(&mutex_);
  const auto found = models_.find(name);
  if (found == models_.end()) {
    if (loading_.contains(name)) return LoadingError(name);
    return absl::NotFoundError(
        absl::StrFormat("there is no model %s; this server has %s",
                        Quoted(name), Keys(models_)));
  }
  return FindVersion(name, found->second, version);
}

absl::StatusOr<ModelRegistry::ModelPointer> ModelRegistry::FindVersion(
    absl::string_view name, const Versioned& versions,
    absl::string_view version) {
  if (version.empty()) return versions.rbegin()->second;
  MOEVIT_ASSIGN_OR_RETURN(const int64_t number, ParseModelVersion(version));
  const auto found = versions.find(number);
  if (found == versions.end()) {
    return absl::NotFoundError(
        absl::StrFormat("model %s has no version %d; it has %s", Quoted(name),
                        number, Keys(versions)));
  }
  return found->second;
}

absl::StatusOr<ModelRegistry::ModelPointer> ModelRegistry::FindOnly(
    absl::string_view version) const {
  MutexLock lock(&mutex_);
  if (models_.empty() && loading_.size() == 1) {
    return LoadingError(*loading_.begin());
  }
  if (models_.size() != 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the request must name a model; this server has %s", Keys(models_)));
  }
  const auto& [name, versions] = *models_.begin();
  return FindVersion(name, versions, version);
}

std::vector<ModelRegistry::ModelPointer> ModelRegistry::Versions(
    absl::string_view name) const {
  MutexLock lock(&mutex_);
  std::vector<ModelPointer> versions;
  const auto found = models_.find(name);
  if (found == models_.end()) return versions;
  for (const auto& [number, model] : found->second) versions.push_back(model);
  return versions;
}

std::vector<ModelRegistry::ModelPointer> ModelRegistry::All() const {
  MutexLock lock(&mutex_);
  std::vector<ModelPointer> all;
  for (const auto& [name, versions] : models_) {
    for (const auto& [number, model] : versions) all.push_back(model);
  }
  return all;
}

}  // namespace moevit
