// `moevit bench`: measures how fast models run on this machine.

#ifndef MOEVIT_CLIENT_BENCH_COMMAND_H_
#define MOEVIT_CLIENT_BENCH_COMMAND_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/progress.h"
#include "client/command.h"
#include "client/flag_set.h"
#include "client/model_benchmark.h"

namespace moevit {

class BenchCommand : public Command {
 public:
  absl::string_view name() const override { return "bench"; }
  absl::string_view summary() const override {
    return "measures how fast models run on this machine";
  }
  absl::string_view positional() const override { return ""; }
  void AddFlags(FlagSet* flags) override;
  absl::Status Run(absl::Span<const std::string> positional,
                   const Console& console) override;

 private:
  struct Model;
  struct Plan;

  absl::StatusOr<Plan> CheckFlags() const;
  absl::StatusOr<std::vector<Model>> LoadModels() const;
  absl::StatusOr<std::vector<BenchmarkResult>> Measure(
      const std::vector<Model>& models, const Plan& plan) const;
  absl::Status MeasureBatch(const std::vector<Model>& models, const Plan& plan,
                            int batch, ProgressMeter& progress,
                            std::vector<BenchmarkResult>& results) const;

  std::vector<std::string> models_;
  std::vector<std::string> synthetic_;
  std::vector<std::string> batches_ = {"1", "8", "32"};
  std::vector<std::string> threads_ = {"1"};
  std::string isa_;
  int repeats_ = 7;
  bool ops_ = false;
  bool cpu_time_ = false;
  bool json_ = false;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_BENCH_COMMAND_H_
