// What the server keeps of one inference while it is under way, whatever the
// interface: it counts as in flight, and its outcome goes into the metrics and
// the log.

#ifndef MOEVIT_SERVER_INFERENCE_RECORD_H_
#define MOEVIT_SERVER_INFERENCE_RECORD_H_

#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "scheduler/clock.h"
#include "server/access_control.h"
#include "server/access_log.h"
#include "server/in_flight.h"
#include "server/inference_pipeline.h"
#include "server/metrics.h"
#include "server/model_registry.h"
#include "server/model_repository.h"

namespace moevit {

// What the services share. The pointers outlive the calls.
struct ServiceContext {
  AccessLog* access_log = nullptr;
  const AccessControl* access = nullptr;
  ModelRegistry* models = nullptr;
  ModelRepository* repository = nullptr;
  InferencePipeline* pipeline = nullptr;
  Metrics* metrics = nullptr;
  InFlight* in_flight = nullptr;
  Clock* clock = nullptr;

  // The longest time that a request may take, if its client admits more.
  absl::Duration max_request_time = absl::InfiniteDuration();

  // Requests of one stream that are worked on, or whose answers its client has
  // not taken.
  int max_stream_requests = 32;
};

// In flight from its construction to its destruction. Thread-compatible.
class InferenceRecord {
 public:
  // `context` must outlive the record.
  explicit InferenceRecord(const ServiceContext& context);

  InferenceRecord(const InferenceRecord&) = delete;
  InferenceRecord& operator=(const InferenceRecord&) = delete;

  ~InferenceRecord() { context_.in_flight->End(); }

  // Has the inference counted for `model`.
  void set_model(ModelRegistry::ModelPointer model) {
    model_ = std::move(model);
  }
  const ModelRegistry::ModelPointer& model() const { return model_; }

  // When the answer is due if the client wants it by `wish`.
  absl::Time DeadlineFor(absl::Time wish) const;

  // From the arrival until now.
  absl::Duration Elapsed() const;

  // Counts the outcome, and logs it if it is to be logged; `describe` says then
  // who asked, the rest is known here. Call it once, before it is sent. Does
  // not throw: what there is no memory for is not recorded.
  void SetOutcome(const absl::Status& status,
                  absl::FunctionRef<RequestRecord()> describe) const;

 private:
  void Count(const absl::Status& status, absl::Duration duration) const;

  const ServiceContext& context_;
  const absl::Time start_;
  ModelRegistry::ModelPointer model_;  // null until one was found
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_INFERENCE_RECORD_H_
