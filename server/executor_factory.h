// The executors of a model on each of the server's devices: which of them run
// it, and how.

#ifndef MOEVIT_SERVER_EXECUTOR_FACTORY_H_
#define MOEVIT_SERVER_EXECUTOR_FACTORY_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/executor.h"
#include "program/program.h"
#include "scheduler/expert_parallel_runner.h"
#include "server/card_devices.h"
#include "server/cpu_executors.h"
#include "server/device_flags.h"
#include "server/server_options.h"

namespace moevit {

// Thread safe. Must outlive the executors, as must `program`.
class ExecutorFactory {
 public:
  using OnDeviceChange = decltype(ExpertRunnerOptions::on_device_change);

  // on_device_change: told of cards that are lost, or used again, within a
  // batch.
  ExecutorFactory(const ServerOptions& options,
                  std::shared_ptr<CardDevices> cards,
                  OnDeviceChange on_device_change);

  // An executor of `program` on `device`, one of ServerOptions::all_devices();
  // null if the program does not run there. One whose experts exceed
  // CardOptions::memory runs on all cards together, every other on each card.
  // Errors as of the device.
  absl::StatusOr<std::unique_ptr<Executor>> New(const DeviceSpec& device,
                                                const Program* program);

 private:
  absl::StatusOr<bool> IsDivided(const Program* program);
  absl::StatusOr<std::unique_ptr<Executor>> NewDivided(
      const std::vector<DeviceSpec>& cards, const Program* program);

  const int max_batch_;
  const std::vector<DeviceSpec> devices_;
  const std::shared_ptr<CardDevices> cards_;
  const OnDeviceChange on_device_change_;
  CpuExecutors processor_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_EXECUTOR_FACTORY_H_
