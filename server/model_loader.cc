#include "server/model_loader.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/catch_exceptions.h"
#include "base/status_macros.h"
#include "scheduler/batch_runner.h"
#include "scheduler/device_health.h"
#include "server/log.h"

namespace moevit {
namespace {

absl::Status LoadError(const RepositoryEntry& entry,
                       const absl::Status& reason) {
  return absl::Status(
      reason.code(),
      absl::StrFormat("cannot load version %d of model '%s': %s", entry.version,
                      entry.model, reason.message()));
}

// Takes a model from the scheduler when nobody holds it any more.
class ScheduledModel {
 public:
  ScheduledModel(std::shared_ptr<const ServedModel> model,
                 BatchScheduler* scheduler)
      : model_(std::move(model)), scheduler_(scheduler) {}
  ScheduledModel(const ScheduledModel&) = delete;
  ScheduledModel& operator=(const ScheduledModel&) = delete;
  ~ScheduledModel() { scheduler_->RemoveModel(model_->queue); }

  const ServedModel* get() const { return model_.get(); }

 private:
  const std::shared_ptr<const ServedModel> model_;
  BatchScheduler* const scheduler_;
};

// Runs the first image on executors, and remembers how that went.
class WarmUp {
 public:
  explicit WarmUp(const ImageShape& shape) : shape_(shape) {}

  // Returns an error that is the model's fault.
  absl::Status Run(const std::string& device, Executor& executor) {
    absl::Status ran = ProbeExecutor(executor, shape_);
    if (ran.ok()) {
      any_warm_ = true;
      return ran;
    }
    if (!IsDeviceFault(ran)) return ran;
    LogError(absl::StrFormat(
        "device %s failed to run a first image: %s", device,
        ran.ToString(absl::StatusToStringMode::kWithNoExtraData)));
    first_fault_.Update(ran);
    return absl::OkStatus();
  }

  // Returns the first device's error if all failed.
  absl::Status Result() const {
    return any_warm_ ? absl::OkStatus() : first_fault_;
  }

 private:
  const ImageShape shape_;
  bool any_warm_ = false;
  absl::Status first_fault_;
};

}  // namespace

absl::StatusOr<ModelRegistry::ModelPointer> ModelLoader::Load(
    const RepositoryEntry& entry, absl::FunctionRef<bool()> cancelled) const {
  const absl::Time start = environment_.clock->Now();
  if (!entry.readable.ok()) return LoadError(entry, entry.readable);
  absl::StatusOr<QuantizedModel> read = environment_.read(entry.directory);
  if (!read.ok()) return LoadError(entry, read.status());
  auto model = std::make_shared<ServedModel>();
  model->name = entry.model;
  model->version = entry.version;
  model->model = *std::move(read);
  model->metrics =
      environment_.metrics->AddModel(model->name, model->version_text());
  auto scheduled = Schedule(model, cancelled);
  if (!scheduled.ok()) return LoadError(entry, scheduled.status());
  LogInfo(absl::StrFormat(
      "loaded version %d of model '%s' in %s", entry.version, entry.model,
      absl::FormatDuration(absl::Trunc(environment_.clock->Now() - start,
                                       absl::Milliseconds(1)))));
  return scheduled;
}

absl::StatusOr<ModelRegistry::ModelPointer> ModelLoader::Schedule(
    const std::shared_ptr<ServedModel>& model,
    absl::FunctionRef<bool()> cancelled) const {
  WarmUp warm_up(model->shape());
  ScheduledModelOptions options;
  options.shape = model->shape();
  options.batching = environment_.batching;
  options.new_executor =
      [&](DeviceId device) -> absl::StatusOr<std::unique_ptr<Executor>> {
    if (cancelled()) return absl::CancelledError("no longer wanted");
    const DeviceSpec& spec = environment_.devices[device];
    MOEVIT_ASSIGN_OR_RETURN(
        std::unique_ptr<Executor> executor,
        environment_.new_executor(spec, &model->model.program));
    if (executor == nullptr) return executor;
    MOEVIT_RETURN_IF_ERROR(warm_up.Run(spec.name, *executor));
    return executor;
  };
  // Holds the model, and so the program that the executors use, for as long as
  // the scheduler has it.
  options.on_batch = [model,
                      clock = environment_.clock](const BatchReport& report) {
    // On the thread of a device, which an exception would end.
    IgnoreExceptions([&] {
      model->metrics.RecordBatch(report);
      model->statistics.RecordBatch(report, clock->Now());
    });
  };
  MOEVIT_ASSIGN_OR_RETURN(model->queue,
                          environment_.scheduler->AddModel(std::move(options)));
  const auto scheduled =
      std::make_shared<const ScheduledModel>(model, environment_.scheduler);
  MOEVIT_RETURN_IF_ERROR(warm_up.Result());
  return ModelRegistry::ModelPointer(scheduled, scheduled->get());
}

}  // namespace moevit
