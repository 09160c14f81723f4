// `moevit plan`: models how fast a card would run a model.

#ifndef MOEVIT_CLIENT_PLAN_COMMAND_H_
#define MOEVIT_CLIENT_PLAN_COMMAND_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "client/command.h"
#include "client/flag_set.h"
#include "client/plan_report.h"
#include "planner/card_description.h"
#include "planner/plan.h"
#include "program/program.h"

namespace moevit {

class PlanCommand : public Command {
 public:
  absl::string_view name() const override { return "plan"; }
  absl::string_view summary() const override {
    return "models how fast a card would run a model";
  }
  absl::string_view positional() const override { return ""; }
  void AddFlags(FlagSet* flags) override;
  absl::Status Run(absl::Span<const std::string> positional,
                   const Console& console) override;

 private:
  absl::Status CheckFlags() const;
  absl::StatusOr<Program> LoadProgram() const;
  absl::StatusOr<planner::CardDescription> ConfiguredCard() const;
  absl::StatusOr<PlanReport> MakeReport(
      const Program& program, const planner::CardDescription& card) const;
  absl::Status WriteFiles(const PlanReport& report) const;

  std::string model_;
  std::string synthetic_;
  std::string card_ = "u280";
  int batch_ = 8;
  int in_flight_ = 0;
  int clock_mhz_ = 0;
  int dsp_limit_ = 0;
  std::vector<std::string> units_;
  bool optimize_ = false;
  std::string output_;
  std::string roofline_;
  bool ops_ = false;
  bool json_ = false;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_PLAN_COMMAND_H_
