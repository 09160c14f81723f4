#include "server/model_loader.h"

#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
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

}  // namespace

absl::Status ModelLoader::Load(const RepositoryEntry& entry) {
  const absl::Time start = environment_.clock->Now();
  absl::StatusOr<QuantizedModel> read = environment_.read(entry.directory);
  if (!read.ok()) return LoadError(entry, read.status());
  auto model = std::make_shared<ServedModel>();
  model->name = entry.model;
  model->version = entry.version;
  model->model = *std::move(read);
  model->metrics =
      environment_.metrics->AddModel(model->name, model->version_text());

  ScheduledModelOptions options;
  options.shape = model->shape();
  options.batching = environment_.batching;
  options.new_executor = [this, model = model.get()](DeviceId device) {
    return environment_.new_executor(environment_.devices[device],
                                     &model->model.program);
  };
  // Holds the model, and so the program that the executors use, for as long as
  // the scheduler has it.
  options.on_batch = [model,
                      clock = environment_.clock](const BatchReport& report) {
    model->metrics.RecordBatch(report);
    model->statistics.RecordBatch(report, clock->Now());
  };
  const auto queue = environment_.scheduler->AddModel(std::move(options));
  if (!queue.ok()) return LoadError(entry, queue.status());
  model->queue = *queue;

  MOEVIT_RETURN_IF_ERROR(environment_.registry->Add(model));
  model->metrics.SetReady(true);
  LogInfo(absl::StrFormat(
      "loaded version %d of model '%s' in %s", entry.version, entry.model,
      absl::FormatDuration(absl::Trunc(environment_.clock->Now() - start,
                                       absl::Milliseconds(1)))));
  return absl::OkStatus();
}

absl::Status ModelLoader::LoadAll(const std::string& root) {
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<RepositoryEntry> entries,
                          ScanRepository(root));
  for (const RepositoryEntry& entry : entries) {
    MOEVIT_RETURN_IF_ERROR(Load(entry));
  }
  return absl::OkStatus();
}

}  // namespace moevit
