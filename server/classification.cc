#include "server/classification.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/retry_after.h"
#include "server/error_mapping.h"
#include "server/proto_duration.h"
#include "server/scores.h"

namespace moevit {
namespace {

constexpr int kDefaultTopK = 5;

void FillClassification(const ServedModel& model, const ImageResult& result,
                        int top_k, v1::Classification* out) {
  const std::vector<float> scores =
      Softmax(result.logits, model.model.program.logit_scale);
  for (const int index : TopIndices(result.logits, top_k)) {
    v1::ScoredClass* scored = out->add_classes();
    const std::string name = model.class_name(index);
    scored->set_index(index);
    scored->set_label(name.empty() ? absl::StrCat(index) : name);
    scored->set_score(scores[index]);
  }
  out->set_device(result.device);
  out->set_batch_size(result.batch_size);
  SetDuration(result.decode, out->mutable_timing()->mutable_decode());
  SetDuration(result.queue, out->mutable_timing()->mutable_queue());
  SetDuration(result.compute, out->mutable_timing()->mutable_compute());
}

}  // namespace

absl::StatusOr<ModelRegistry::ModelPointer> FindModelOrOnly(
    const ModelRegistry& models, absl::string_view name,
    absl::string_view version) {
  return name.empty() ? models.FindOnly(version) : models.Find(name, version);
}

absl::StatusOr<int> ClassesToReturn(int32_t top_k) {
  if (top_k < 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("top_k is %d, it must not be negative", top_k));
  }
  return top_k == 0 ? kDefaultTopK : top_k;
}

absl::StatusOr<absl::Duration> DurationOf(
    absl::string_view field, const google::protobuf::Duration& duration) {
  if (duration.seconds() < 0 || duration.nanos() < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, " must not be negative"));
  }
  return FromProto(duration);
}

void FillImageResult(const ServedModel& model,
                     const absl::StatusOr<ImageResult>& result, int top_k,
                     v1::ImageResult* out) {
  if (result.ok()) {
    FillClassification(model, *result, top_k, out->mutable_classification());
  } else {
    FillImageError(result.status(), out->mutable_error());
  }
}

void FillImageError(const absl::Status& status, v1::ImageError* out) {
  const grpc::Status error = ToGrpcStatus(status);
  out->set_code(error.error_code());
  out->set_message(error.error_message());
  if (const auto delay = RetryAfter(status); delay.has_value()) {
    SetDuration(*delay, out->mutable_retry_after());
  }
}

}  // namespace moevit
