#include "server/model_description.h"

#include <initializer_list>
#include <string>
#include <vector>

#include "server/tensor_names.h"

namespace moevit {
namespace {

constexpr char kPlatform[] = "moevit";

void AddTensor(const char* name, const char* datatype,
               std::initializer_list<int64_t> image_shape,
               google::protobuf::RepeatedPtrField<
                   inference::ModelMetadataResponse::TensorMetadata>* tensors) {
  auto* tensor = tensors->Add();
  tensor->set_name(name);
  tensor->set_datatype(datatype);
  tensor->add_shape(-1);  // any number of images
  for (const int64_t extent : image_shape) tensor->add_shape(extent);
}

void SetTotal(const ModelStatistics::Total& total,
              inference::StatisticDuration* out) {
  out->set_count(total.count);
  out->set_ns(absl::ToInt64Nanoseconds(total.duration));
}

void SetStatistics(const ServedModel& model, inference::ModelStatistics* out) {
  const ModelStatistics::Snapshot totals = model.statistics.snapshot();
  out->set_name(model.name);
  out->set_version(model.version_text());
  out->set_last_inference(absl::ToUnixMillis(totals.last_inference));
  out->set_inference_count(totals.images);
  out->set_execution_count(totals.batches);
  inference::InferStatistics* stats = out->mutable_inference_stats();
  SetTotal(totals.success, stats->mutable_success());
  SetTotal(totals.failure, stats->mutable_fail());
  SetTotal(totals.queue, stats->mutable_queue());
  SetTotal(totals.decode, stats->mutable_compute_input());
  SetTotal(totals.compute, stats->mutable_compute_infer());
  for (const auto& [batch_size, compute] : totals.compute_by_batch_size) {
    inference::InferBatchStatistics* batch = out->add_batch_stats();
    batch->set_batch_size(batch_size);
    SetTotal(compute, batch->mutable_compute_infer());
  }
}

}  // namespace

void DescribeServer(absl::string_view version, bool takes_orders,
                    inference::ServerMetadataResponse* out) {
  out->set_name("moevit");
  out->set_version(std::string(version));
  for (const char* extension : {"binary_tensor_data", "classification",
                                "model_configuration", "statistics"}) {
    out->add_extensions(extension);
  }
  if (takes_orders) out->add_extensions("model_repository");
}

void DescribeModel(const ServedModel& model,
                   const std::vector<ModelRegistry::ModelPointer>& versions,
                   inference::ModelMetadataResponse* out) {
  const Program& program = model.model.program;
  out->set_name(model.name);
  for (const auto& version : versions) {
    out->add_versions(version->version_text());
  }
  out->set_platform(kPlatform);
  AddTensor(kImageTensor, "BYTES", {}, out->mutable_inputs());
  AddTensor(kPixelsTensor, "UINT8",
            {program.image_size, program.image_size, program.channels},
            out->mutable_inputs());
  AddTensor(kScoresTensor, "FP32", {program.classes}, out->mutable_outputs());
}

void DescribeModelConfig(const ServedModel& model,
                         const ServingParameters& parameters,
                         inference::ModelConfig* out) {
  const Program& program = model.model.program;
  out->set_name(model.name);
  out->set_platform(kPlatform);
  out->set_backend(kPlatform);
  out->mutable_version_policy()->mutable_all();
  // Clients read this as the most images that a request may have; larger
  // requests than a batch are executed in several.
  out->set_max_batch_size(parameters.max_images_per_request);

  // One of the two inputs is to be given, so each is optional.
  inference::ModelInput* image = out->add_input();
  image->set_name(kImageTensor);
  image->set_data_type(inference::TYPE_STRING);
  image->set_optional(true);
  inference::ModelInput* pixels = out->add_input();
  pixels->set_name(kPixelsTensor);
  pixels->set_data_type(inference::TYPE_UINT8);
  pixels->set_format(inference::ModelInput::FORMAT_NHWC);
  pixels->set_optional(true);
  for (const int extent :
       {program.image_size, program.image_size, program.channels}) {
    pixels->add_dims(extent);
  }
  inference::ModelOutput* scores = out->add_output();
  scores->set_name(kScoresTensor);
  scores->set_data_type(inference::TYPE_FP32);
  scores->add_dims(program.classes);

  inference::ModelInstanceGroup* group = out->add_instance_group();
  group->set_name(model.name);
  group->set_count(parameters.lanes);
  group->set_kind(inference::ModelInstanceGroup::KIND_CPU);
  inference::ModelDynamicBatching* batching = out->mutable_dynamic_batching();
  batching->add_preferred_batch_size(parameters.batching.max_batch_size);
  batching->set_max_queue_delay_microseconds(
      absl::ToInt64Microseconds(parameters.batching.max_queue_delay));
  const QueuePolicy& policy = parameters.batching.policy;
  batching->set_priority_levels(policy.priority_levels);
  batching->set_default_priority_level(policy.default_priority_level);
  inference::ModelQueuePolicy* queue = batching->mutable_default_queue_policy();
  queue->set_timeout_action(inference::ModelQueuePolicy::REJECT);
  queue->set_allow_timeout_override(policy.allow_timeout_override);
  if (policy.default_timeout != absl::InfiniteDuration()) {
    queue->set_default_timeout_microseconds(
        absl::ToInt64Microseconds(policy.default_timeout));
  }
}

absl::Status DescribeStatistics(
    const ModelRegistry& models,
    const inference::ModelStatisticsRequest& request,
    inference::ModelStatisticsResponse* out) {
  std::vector<ModelRegistry::ModelPointer> chosen;
  if (request.name().empty()) {
    chosen = models.All();
  } else {
    const auto model = models.Find(request.name(), request.version());
    if (!model.ok()) return model.status();
    if (request.version().empty()) {
      chosen = models.Versions(request.name());
    } else {
      chosen = {*model};
    }
  }
  for (const auto& model : chosen) {
    SetStatistics(*model, out->add_model_stats());
  }
  return absl::OkStatus();
}

}  // namespace moevit
