// The messages of moevit.v1 that single calls and streams have in common.

#ifndef MOEVIT_SERVER_CLASSIFICATION_H_
#define MOEVIT_SERVER_CLASSIFICATION_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "proto/moevit/v1/inference.pb.h"
#include "scheduler/image_task.h"
#include "server/model_registry.h"
#include "server/served_model.h"

namespace moevit {

// An empty name means the only model, an empty version the highest one. Errors
// as those of ModelRegistry.
absl::StatusOr<ModelRegistry::ModelPointer> FindModelOrOnly(
    const ModelRegistry& models, absl::string_view name,
    absl::string_view version);

// How many classes a request wants that says `top_k`. Returns kInvalidArgument
// for a negative number.
absl::StatusOr<int> ClassesToReturn(int32_t top_k);

// Returns kInvalidArgument naming the field for a negative duration.
absl::StatusOr<absl::Duration> DurationOf(
    absl::string_view field, const google::protobuf::Duration& duration);

// The best `top_k` classes, or the error.
void FillImageResult(const ServedModel& model,
                     const absl::StatusOr<ImageResult>& result, int top_k,
                     v1::ImageResult* out);

// REQUIRES: !status.ok().
void FillImageError(const absl::Status& status, v1::ImageError* out);

}  // namespace moevit

#endif  // MOEVIT_SERVER_CLASSIFICATION_H_
