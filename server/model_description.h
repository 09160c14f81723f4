// What the Open Inference Protocol's clients are told about a model.

#ifndef MOEVIT_SERVER_MODEL_DESCRIPTION_H_
#define MOEVIT_SERVER_MODEL_DESCRIPTION_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/inference/grpc_service.pb.h"
#include "proto/inference/model_config.pb.h"
#include "scheduler/batch_queue.h"
#include "server/model_registry.h"
#include "server/served_model.h"

namespace moevit {

// The parts of a model's configuration that are the server's.
struct ServingParameters {
  BatchingOptions batching;
  int lanes = 1;
  int max_images_per_request = 0;
};

// `takes_orders`: whether it loads and unloads models on request.
void DescribeServer(absl::string_view version, bool takes_orders,
                    inference::ServerMetadataResponse* out);

// `versions` are all that are served of the model.
void DescribeModel(const ServedModel& model,
                   const std::vector<ModelRegistry::ModelPointer>& versions,
                   inference::ModelMetadataResponse* out);

void DescribeModelConfig(const ServedModel& model,
                         const ServingParameters& parameters,
                         inference::ModelConfig* out);

// Of all models, of all versions of one, or of one version, as the request has
// it. Errors as of ModelRegistry::Find.
absl::Status DescribeStatistics(
    const ModelRegistry& models,
    const inference::ModelStatisticsRequest& request,
    inference::ModelStatisticsResponse* out);

}  // namespace moevit

#endif  // MOEVIT_SERVER_MODEL_DESCRIPTION_H_
