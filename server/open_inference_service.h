// inference.GRPCInferenceService: the Open Inference Protocol, version 2, with
// what clients of Triton rely on. Methods that are not overridden here answer
// UNIMPLEMENTED.

#ifndef MOEVIT_SERVER_OPEN_INFERENCE_SERVICE_H_
#define MOEVIT_SERVER_OPEN_INFERENCE_SERVICE_H_

#include <atomic>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "proto/inference/grpc_service.grpc.pb.h"
#include "server/access_control.h"
#include "server/inference_record.h"
#include "server/model_description.h"
#include "server/model_repository.h"
#include "server/shared_messages.h"

namespace moevit {

// Thread safe. No method blocks.
class OpenInferenceService final
    : public inference::GRPCInferenceService::CallbackService {
 public:
  using Reactor = grpc::ServerUnaryReactor;
  using Context = grpc::CallbackServerContext;

  // `context` must outlive the service.
  OpenInferenceService(const ServiceContext* context,
                       const ServingParameters& parameters,
                       std::string server_version);

  // Whether ServerReady and ModelReady may say so; false at first.
  void SetReady(bool server, bool models) {
    server_ready_ = server;
    models_ready_ = models;
  }

  Reactor* ServerLive(Context* context,
                      const inference::ServerLiveRequest* request,
                      inference::ServerLiveResponse* response) override;
  Reactor* ServerReady(Context* context,
                       const inference::ServerReadyRequest* request,
                       inference::ServerReadyResponse* response) override;
  Reactor* ModelReady(Context* context,
                      const inference::ModelReadyRequest* request,
                      inference::ModelReadyResponse* response) override;
  Reactor* ServerMetadata(Context* context,
                          const inference::ServerMetadataRequest* request,
                          inference::ServerMetadataResponse* response) override;
  Reactor* ModelMetadata(Context* context,
                         const inference::ModelMetadataRequest* request,
                         inference::ModelMetadataResponse* response) override;
  Reactor* ModelInfer(Context* context,
                      const inference::ModelInferRequest* request,
                      inference::ModelInferResponse* response) override;
  grpc::ServerBidiReactor<inference::ModelInferRequest,
                          inference::ModelStreamInferResponse>*
  ModelStreamInfer(Context* context) override;
  Reactor* ModelConfig(Context* context,
                       const inference::ModelConfigRequest* request,
                       inference::ModelConfigResponse* response) override;
  Reactor* ModelStatistics(
      Context* context, const inference::ModelStatisticsRequest* request,
      inference::ModelStatisticsResponse* response) override;
  Reactor* RepositoryIndex(
      Context* context, const inference::RepositoryIndexRequest* request,
      inference::RepositoryIndexResponse* response) override;
  Reactor* RepositoryModelLoad(
      Context* context, const inference::RepositoryModelLoadRequest* request,
      inference::RepositoryModelLoadResponse* response) override;
  Reactor* RepositoryModelUnload(
      Context* context, const inference::RepositoryModelUnloadRequest* request,
      inference::RepositoryModelUnloadResponse* response) override;

 private:
  // AnswerCall for callers that may act as `role`.
  Reactor* AnswerAs(Role role, Context* context,
                    absl::FunctionRef<absl::Status()> handle) const;

  // A call that is answered when the repository has done what it is asked to:
  // by `give`, or not if that returns an error.
  Reactor* Order(
      Context* context,
      absl::FunctionRef<absl::Status(ModelRepository::Done)> give) const;

  const ServiceContext* const context_;
  const ServingParameters parameters_;
  const std::string server_version_;
  SharedMessages<inference::ModelInferRequest, inference::ModelInferResponse>
      infer_messages_;
  std::atomic<bool> server_ready_ = false;
  std::atomic<bool> models_ready_ = false;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_OPEN_INFERENCE_SERVICE_H_
