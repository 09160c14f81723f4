// Makes models from files: with executors that are warm, ready to be served.

#ifndef MOEVIT_SERVER_MODEL_LOADER_H_
#define MOEVIT_SERVER_MODEL_LOADER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "kernels/executor.h"
#include "program/quantized_model.h"
#include "scheduler/batch_scheduler.h"
#include "scheduler/clock.h"
#include "server/device_flags.h"
#include "server/metrics.h"
#include "server/model_registry.h"
#include "server/repository_scan.h"

namespace moevit {

// Thread safe. The pointers in it must outlive it and its models.
class ModelLoader {
 public:
  using Reader =
      std::function<absl::StatusOr<QuantizedModel>(const std::string&)>;
  // The program outlives the executor. Null where a device does not run it.
  using ExecutorFactory =
      std::function<absl::StatusOr<std::unique_ptr<Executor>>(const DeviceSpec&,
                                                              const Program*)>;

  // Where models come from and what they are given to.
  struct Environment {
    Reader read;
    ExecutorFactory new_executor;
    std::vector<DeviceSpec> devices;  // as the scheduler has them
    BatchingOptions batching;
    BatchScheduler* scheduler = nullptr;
    Metrics* metrics = nullptr;
    Clock* clock = nullptr;
  };

  explicit ModelLoader(Environment environment)
      : environment_(std::move(environment)) {}

  // Reads one version of a model, creates its executors and has each run an
  // image, so that the first request finds them warm. The model leaves the
  // scheduler when nobody holds it any more. Blocks; gives up with kCancelled
  // between two steps once `cancelled` says so.
  //
  // Returns the reader's error or a device's, naming model and version. A
  // device that fails while it runs that image is the scheduler's business,
  // unless they all do.
  absl::StatusOr<ModelRegistry::ModelPointer> Load(
      const RepositoryEntry& entry, absl::FunctionRef<bool()> cancelled) const;

 private:
  absl::StatusOr<ModelRegistry::ModelPointer> Schedule(
      const std::shared_ptr<ServedModel>& model,
      absl::FunctionRef<bool()> cancelled) const;

  const Environment environment_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_MODEL_LOADER_H_
