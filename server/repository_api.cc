#include "server/repository_api.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/error_mapping.h"

namespace moevit {
namespace {

absl::Status CheckRepositoryName(const std::string& name) {
  if (name.empty()) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat(
      "repository_name is ", Quoted(name), ", but the repository has no name"));
}

}  // namespace

absl::Status IndexRepository(const ModelRepository& repository,
                             const inference::RepositoryIndexRequest& request,
                             inference::RepositoryIndexResponse* out) {
  MOEVIT_RETURN_IF_ERROR(CheckRepositoryName(request.repository_name()));
  for (const ModelStatus& model : repository.models().Index(request.ready())) {
    auto* entry = out->add_models();
    entry->set_name(model.name);
    entry->set_version(absl::StrCat(model.version));
    entry->set_state(ModelStateName(model.state));
    entry->set_reason(model.reason);
  }
  return absl::OkStatus();
}

absl::Status OrderLoad(ModelRepository& repository,
                       const inference::RepositoryModelLoadRequest& request,
                       ModelRepository::Done done) {
  MOEVIT_RETURN_IF_ERROR(CheckRepositoryName(request.repository_name()));
  if (!request.parameters().empty()) {
    return absl::UnimplementedError(absl::StrCat(
        "a model is loaded as it is in the repository; the parameter ",
        Quoted(request.parameters().begin()->first), " is not supported"));
  }
  repository.Load(request.model_name(), std::move(done));
  return absl::OkStatus();
}

absl::Status OrderUnload(ModelRepository& repository,
                         const inference::RepositoryModelUnloadRequest& request,
                         ModelRepository::Done done) {
  MOEVIT_RETURN_IF_ERROR(CheckRepositoryName(request.repository_name()));
  repository.Unload(request.model_name(), std::move(done));
  return absl::OkStatus();
}

}  // namespace moevit
