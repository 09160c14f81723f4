// The models that are served, found by name and version.
//
// Names come from requests: they are compared with what is registered and
// never used to build a path.

#ifndef MOEVIT_SERVER_MODEL_REGISTRY_H_
#define MOEVIT_SERVER_MODEL_REGISTRY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "server/served_model.h"

namespace moevit {

// Thread safe. A model that was found stays valid for as long as the caller
// holds it.
class ModelRegistry {
 public:
  using ModelPointer = std::shared_ptr<const ServedModel>;

  // From now on requests find `model`. Returns the one that was there under
  // its name and version, or null: requests that found it still hold it.
  ModelPointer Put(ModelPointer model);

  // From now on requests do not find it. Returns what was there, or null.
  ModelPointer Remove(absl::string_view name, int64_t version);

  // While nothing is there under `name`, says that it will be.
  void SetLoading(const std::string& name, bool loading);

  // `version` is a decimal number, or empty for the highest one. Returns
  // kInvalidArgument for any other text, kNotFound naming what there is,
  // kUnavailable while the model is being loaded.
  absl::StatusOr<ModelPointer> Find(absl::string_view name,
                                    absl::string_view version) const;

  // The same for the only model. Returns kInvalidArgument, listing the names,
  // unless there is exactly one.
  absl::StatusOr<ModelPointer> FindOnly(absl::string_view version) const;

  // All versions of a model, ascending; empty when there is no such model.
  std::vector<ModelPointer> Versions(absl::string_view name) const;

  // By name, then by version.
  std::vector<ModelPointer> All() const;

 private:
  using Versioned = std::map<int64_t, ModelPointer>;

  // REQUIRES: versions is not empty.
  static absl::StatusOr<ModelPointer> FindVersion(absl::string_view name,
                                                  const Versioned& versions,
                                                  absl::string_view version);

  mutable Mutex mutex_;
  // Each has a version.
  std::map<std::string, Versioned, std::less<>> models_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string, std::less<>> loading_ ABSL_GUARDED_BY(mutex_);
};

// The number that `text` is as a version: positive, decimal, no leading zero.
absl::StatusOr<int64_t> ParseModelVersion(absl::string_view text);

}  // namespace moevit

#endif  // MOEVIT_SERVER_MODEL_REGISTRY_H_
