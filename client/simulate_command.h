// `moevit simulate`: what a server with given devices would do under a given
// load.

#ifndef MOEVIT_CLIENT_SIMULATE_COMMAND_H_
#define MOEVIT_CLIENT_SIMULATE_COMMAND_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "client/command.h"
#include "client/flag_set.h"
#include "client/simulation_output.h"
#include "scheduler/simulation/arrivals.h"
#include "scheduler/simulation/simulation_options.h"

namespace moevit {

class SimulateCommand : public Command {
 public:
  absl::string_view name() const override { return "simulate"; }
  absl::string_view summary() const override {
    return "predicts latencies under load on devices of given costs";
  }
  absl::string_view positional() const override { return ""; }
  void AddFlags(FlagSet* flags) override;
  absl::Status Run(absl::Span<const std::string> positional,
                   const Console& console) override;

 private:
  void AddArrivalFlags(FlagSet* flags);
  void AddSchedulerFlags(FlagSet* flags);
  void AddExpertFlags(FlagSet* flags);

  absl::StatusOr<SimulationOptions> CheckFlags() const;
  absl::Status CheckArrivals() const;
  // Images per second, a simulation each; `recorded` is its own rate or zero.
  absl::StatusOr<std::vector<double>> Rates(double capacity,
                                            double recorded) const;
  std::unique_ptr<Arrivals> NewArrivals(
      const std::vector<absl::Duration>& recorded, double recorded_rate,
      double rate) const;
  absl::StatusOr<std::vector<SimulationRun>> RunAll(
      SimulationOptions options) const;

  std::vector<std::string> devices_ = {"device:launch=2ms:image=1ms"};
  std::vector<std::string> requests_ = {"all"};
  std::string arrivals_ = "poisson";
  std::string recorded_;
  std::vector<std::string> rate_;
  std::vector<std::string> load_;
  BurstOptions bursts_;
  std::string batching_ = "cost_model";
  SimulationOptions options_;
  std::string expert_bytes_ = "1M";
  bool json_ = false;
  std::string plot_;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_SIMULATE_COMMAND_H_
