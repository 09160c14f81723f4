#include "server/model_set.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/catch_exceptions.h"
#include "base/file.h"
#include "base/sha256.h"
#include "program/manifest.h"
#include "server/error_mapping.h"
#include "server/log.h"

namespace moevit {
namespace {

constexpr char kUnloaded[] = "unloaded";

// What changes when a model's files do; empty without a manifest.
std::string ManifestChecksum(const RepositoryEntry& entry) {
  constexpr size_t kMaxBytes = 1 << 20;
  if (!entry.readable.ok()) return "";
  const auto manifest =
      ReadFile(absl::StrCat(entry.directory, "/", kManifestFile), kMaxBytes);
  return manifest.ok() ? Sha256Hex(*manifest) : std::string();
}

}  // namespace

const char* ModelStateName(ModelState state) {
  switch (state) {
    case ModelState::kLoading:
      return "LOADING";
    case ModelState::kReady:
      return "READY";
    case ModelState::kUnloading:
      return "UNLOADING";
    case ModelState::kUnavailable:
      return "UNAVAILABLE";
  }
  return "UNKNOWN";
}

void ModelSet::Announce(const std::vector<std::string>& names, bool loading) {
  for (const std::string& name : names) registry_->SetLoading(name, loading);
}

absl::Status ModelSet::Update(const std::string& name,
                              const std::vector<RepositoryEntry>& wanted,
                              bool retry, absl::FunctionRef<bool()> cancelled) {
  absl::Status first_error;
  for (const RepositoryEntry& entry : wanted) {
    const std::string manifest = ManifestChecksum(entry);
    if (!NeedsLoading(entry, manifest, retry)) continue;
    registry_->SetLoading(name, true);
    first_error.Update(LoadVersion(entry, manifest, cancelled));
  }
  registry_->SetLoading(name, false);
  for (const int64_t version : VersionsOf(name)) {
    const bool is_wanted = std::any_of(
        wanted.begin(), wanted.end(),
        [version](const auto& entry) { return entry.version == version; });
    // Not before its successor can take its place.
    if (is_wanted || !first_error.ok()) continue;
    StopServing({name, version});
    MutexLock lock(&mutex_);
    records_.erase({name, version});
  }
  return first_error;
}

absl::Status ModelSet::Remove(const std::string& name) {
  bool served = false;
  for (const int64_t version : VersionsOf(name)) {
    if (!registry_->Find(name, absl::StrCat(version)).ok()) continue;
    served = true;
    StopServing({name, version});
    SetState({name, version}, ModelState::kUnavailable, kUnloaded);
  }
  if (served) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrFormat("no version of model %s is served", Quoted(name)));
}

std::vector<ModelStatus> ModelSet::Index(bool ready) const {
  std::vector<ModelStatus> index;
  MutexLock lock(&mutex_);
  for (const auto& [key, record] : records_) {
    ModelState state = record.state;
    if (state == ModelState::kUnavailable && !record.served.expired()) {
      state = ModelState::kUnloading;
    }
    if (ready && state != ModelState::kReady) continue;
    index.push_back({key.first, key.second, state, record.reason});
  }
  return index;
}

std::set<std::string> ModelSet::names() const {
  std::set<std::string> names;
  MutexLock lock(&mutex_);
  for (const auto& [key, record] : records_) names.insert(key.first);
  return names;
}

bool ModelSet::NeedsLoading(const RepositoryEntry& entry,
                            const std::string& manifest, bool retry) const {
  MutexLock lock(&mutex_);
  const auto found = records_.find({entry.model, entry.version});
  if (found == records_.end()) return true;
  const Record& record = found->second;
  if (record.manifest != manifest) return true;
  const bool loaded =
      record.state == ModelState::kReady && record.reason.empty();
  return !loaded && (retry || record.reason == kUnloaded);
}

absl::Status ModelSet::LoadVersion(const RepositoryEntry& entry,
                                   const std::string& manifest,
                                   absl::FunctionRef<bool()> cancelled) {
  const Key key(entry.model, entry.version);
  const bool replaces =
      registry_->Find(entry.model, absl::StrCat(entry.version)).ok();
  if (!replaces) SetState(key, ModelState::kLoading, "");
  // Where memory runs out, as a rule.
  absl::StatusOr<ModelRegistry::ModelPointer> loaded =
      CatchExceptions(absl::StrFormat("load version %d of model '%s'",
                                      entry.version, entry.model),
                      [&] { return loader_.Load(entry, cancelled); });
  {
    MutexLock lock(&mutex_);
    Record& record = records_[key];
    record.manifest = manifest;
    if (loaded.ok()) record.served = *loaded;
  }
  if (!loaded.ok()) {
    LogError(loaded.status().message());
    SetState(key, replaces ? ModelState::kReady : ModelState::kUnavailable,
             loaded.status().ToString());
    return loaded.status();
  }
  // The one that it replaces ends with the last request that holds it.
  registry_->Put(*std::move(loaded));
  SetState(key, ModelState::kReady, "");
  return absl::OkStatus();
}

void ModelSet::SetState(const Key& key, ModelState state,
                        const std::string& reason) {
  {
    MutexLock lock(&mutex_);
    records_[key].state = state;
    records_[key].reason = reason;
  }
  on_change_();
}

void ModelSet::StopServing(const Key& key) {
  const ModelRegistry::ModelPointer removed =
      registry_->Remove(key.first, key.second);
  if (removed == nullptr) return;
  removed->metrics.SetReady(false);
  LogInfo(absl::StrFormat("unloaded version %d of model '%s'", key.second,
                          key.first));
  on_change_();
}

std::vector<int64_t> ModelSet::VersionsOf(const std::string& name) const {
  std::vector<int64_t> versions;
  MutexLock lock(&mutex_);
  for (const auto& [key, record] : records_) {
    if (key.first == name) versions.push_back(key.second);
  }
  return versions;
}

}  // namespace moevit
