// The models that this server knows of: the state of each version, and how
// what is served becomes what is wanted.
//
// It does not look for models and decides nothing about when: see
// model_repository.h.

#ifndef MOEVIT_SERVER_MODEL_SET_H_
#define MOEVIT_SERVER_MODEL_SET_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "server/model_loader.h"
#include "server/model_registry.h"
#include "server/repository_scan.h"

namespace moevit {

enum class ModelState { kLoading, kReady, kUnloading, kUnavailable };

// "LOADING" and so on, as clients of the repository extension read it.
const char* ModelStateName(ModelState state);

struct ModelStatus {
  std::string name;
  int64_t version = 0;
  ModelState state = ModelState::kUnavailable;
  std::string reason;  // why it is not ready, or why newer files are not served
};

// Thread safe, but Update and Remove are called by one thread.
class ModelSet {
 public:
  // `registry` must outlive this. `on_change` is called, without a lock, after
  // what is served has changed, on the thread that changes it.
  ModelSet(ModelLoader loader, ModelRegistry* registry,
           std::function<void()> on_change)
      : loader_(std::move(loader)),
        registry_(registry),
        on_change_(std::move(on_change)) {}

  // Whether requests for these models may come back in a moment: until Update
  // has been called for each.
  void Announce(const std::vector<std::string>& names, bool loading);

  // Serves `wanted`, all of model `name`: loads versions that are new and those
  // whose manifest changed, then lets go of all others. A version that is
  // served is so until its successor is warm. One that cannot be loaded leaves
  // things as they are, and is tried again when its manifest has changed or if
  // `retry`. Returns the first error.
  absl::Status Update(const std::string& name,
                      const std::vector<RepositoryEntry>& wanted, bool retry,
                      absl::FunctionRef<bool()> cancelled);

  // Stops serving model `name`; requests that found it are still answered.
  // Returns kNotFound if no version of it is served.
  absl::Status Remove(const std::string& name);

  // By name, then by version; with `ready`, only those that are.
  std::vector<ModelStatus> Index(bool ready) const;

  std::set<std::string> names() const;

 private:
  using Key = std::pair<std::string, int64_t>;
  struct Record {
    ModelState state = ModelState::kUnavailable;
    std::string reason;
    std::string manifest;  // the checksum of what was loaded or tried last
    std::weak_ptr<const ServedModel> served;
  };

  bool NeedsLoading(const RepositoryEntry& entry, const std::string& manifest,
                    bool retry) const;
  absl::Status LoadVersion(const RepositoryEntry& entry,
                           const std::string& manifest,
                           absl::FunctionRef<bool()> cancelled);
  void SetState(const Key& key, ModelState state, const std::string& reason);
  void StopServing(const Key& key);
  std::vector<int64_t> VersionsOf(const std::string& name) const;

  const ModelLoader loader_;
  ModelRegistry* const registry_;
  const std::function<void()> on_change_;

  mutable Mutex mutex_;
  std::map<Key, Record> records_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_MODEL_SET_H_
