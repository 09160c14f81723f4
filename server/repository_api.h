// The repository API of the Open Inference Protocol, for every interface that
// offers it. Who may call it is for them to check.

#ifndef MOEVIT_SERVER_REPOSITORY_API_H_
#define MOEVIT_SERVER_REPOSITORY_API_H_

#include "absl/status/status.h"
#include "proto/inference/grpc_service.pb.h"
#include "server/model_repository.h"

namespace moevit {

// All return kUnimplemented for a repository by name: the protocol can tell
// several apart, here is one, unnamed.

// The versions that are there and what became of them; if the request says so,
// only those that are served.
absl::Status IndexRepository(const ModelRepository& repository,
                             const inference::RepositoryIndexRequest& request,
                             inference::RepositoryIndexResponse* out);

// These have `done` called as ModelRepository::Load and Unload do, or return
// why not; then it is not called. No parameter of a load is supported
// (kUnimplemented); those of an unload say what is to become of models that
// depend on this one, and there are none.
absl::Status OrderLoad(ModelRepository& repository,
                       const inference::RepositoryModelLoadRequest& request,
                       ModelRepository::Done done);
absl::Status OrderUnload(ModelRepository& repository,
                         const inference::RepositoryModelUnloadRequest& request,
                         ModelRepository::Done done);

}  // namespace moevit

#endif  // MOEVIT_SERVER_REPOSITORY_API_H_
