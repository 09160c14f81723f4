// moevit.v1.InferenceService: photographs in, classes out.

#ifndef MOEVIT_SERVER_CLASSIFY_SERVICE_H_
#define MOEVIT_SERVER_CLASSIFY_SERVICE_H_

#include "proto/moevit/v1/inference.grpc.pb.h"
#include "server/inference_record.h"
#include "server/shared_messages.h"

namespace moevit {

// Thread safe. No method blocks: answers come from executor threads.
class ClassifyService final
    : public moevit::v1::InferenceService::CallbackService {
 public:
  // `context` must outlive the service.
  explicit ClassifyService(const ServiceContext* context);

  grpc::ServerUnaryReactor* Classify(
      grpc::CallbackServerContext* grpc_context,
      const moevit::v1::ClassifyRequest* request,
      moevit::v1::ClassifyResponse* response) override;

  grpc::ServerBidiReactor<moevit::v1::ClassifyStreamRequest,
                          moevit::v1::ClassifyStreamResponse>*
  ClassifyStream(grpc::CallbackServerContext* grpc_context) override;

  grpc::ServerUnaryReactor* ListModels(
      grpc::CallbackServerContext* grpc_context,
      const moevit::v1::ListModelsRequest* request,
      moevit::v1::ListModelsResponse* response) override;

 private:
  const ServiceContext* const context_;
  SharedMessages<moevit::v1::ClassifyRequest, moevit::v1::ClassifyResponse>
      classify_messages_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_CLASSIFY_SERVICE_H_
