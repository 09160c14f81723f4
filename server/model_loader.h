// Brings the models of a repository into service.

#ifndef MOEVIT_SERVER_MODEL_LOADER_H_
#define MOEVIT_SERVER_MODEL_LOADER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
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

// Thread-compatible. The pointers in it must outlive it.
class ModelLoader {
 public:
  using Reader =
      std::function<absl::StatusOr<QuantizedModel>(const std::string&)>;
  // The program outlives the executor.
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
    ModelRegistry* registry = nullptr;
  };

  explicit ModelLoader(Environment environment)
      : environment_(std::move(environment)) {}

  // Reads one version of a model, creates its executors and registers it.
  // Returns the reader's error or a device's, naming model and version.
  absl::Status Load(const RepositoryEntry& entry);

  // Loads every version in the repository at `root`. Stops at the first error.
  absl::Status LoadAll(const std::string& root);

 private:
  const Environment environment_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_MODEL_LOADER_H_
