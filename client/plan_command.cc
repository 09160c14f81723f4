#include "client/plan_command.h"

#include <ostream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "client/flag_errors.h"
#include "client/limits.h"
#include "planner/card_header.h"
#include "planner/optimizer.h"
#include "planner/roofline.h"
#include "program/quantized_model.h"
#include "program/synthetic_program.h"

namespace moevit {
namespace {

constexpr int kMaxInFlight = 1024;
constexpr int kMinMegahertz = 200;
constexpr int kMaxMegahertz = 300;
constexpr int kMaxDsps = 100000;
constexpr int kMaxUnits = 16;

// A flag whose default, 0, leaves the choice to the card.
absl::Status CheckOptional(absl::string_view flag, int value, int min,
                           int max) {
  return value == 0 ? absl::OkStatus() : CheckFlag(flag, value, min, max);
}

absl::StatusOr<hls::CardUnits> ParseUnits(
    const std::vector<std::string>& texts) {
  int counts[3] = {};
  bool valid = texts.size() == 3;
  for (size_t i = 0; valid && i < texts.size(); ++i) {
    valid = absl::SimpleAtoi(texts[i], &counts[i]) && counts[i] >= 1 &&
            counts[i] <= kMaxUnits;
  }
  if (!valid) {
    return absl::InvalidArgumentError(
        absl::StrCat("--units is \"", absl::StrJoin(texts, ","),
                     "\"; it must be three numbers in [1, ", kMaxUnits, "]"));
  }
  return hls::CardUnits{counts[0], counts[1], counts[2]};
}

}  // namespace

void PlanCommand::AddFlags(FlagSet* flags) {
  flags->Add({.name = "model",
              .value_name = "DIR",
              .help = "a version of a quantized model, such as "
                      "models/cifar10-moe-vit/1"},
             &model_);
  flags->Add(
      {.name = "synthetic",
       .value_name = "NAME",
       .help = absl::StrCat("instead: a model of a well-known shape: ",
                            absl::StrJoin(SyntheticProgramNames(), ", "))},
      &synthetic_);
  flags->Add({.name = "card",
              .value_name = "NAME",
              .help = absl::StrJoin(planner::CardNames(), ", ")},
             &card_);
  flags->Add({.name = "batch", .value_name = "N", .help = "images per batch"},
             &batch_);
  flags->Add({.name = "in_flight",
              .value_name = "N",
              .help = "batches on the card at a time; 0: three for each "
                      "pipeline of units"},
             &in_flight_);
  flags->Add({.name = "clock_mhz",
              .value_name = "N",
              .help = "clock of the kernels, from 200 to 300; 0: the card's"},
             &clock_mhz_);
  flags->Add({.name = "dsp_limit",
              .value_name = "N",
              .help = "DSPs that the units may take; 0: what the card has"},
             &dsp_limit_);
  flags->Add({.name = "units",
              .value_name = "L,A,V",
              .help = "linear, attention and vector units; empty: the card's"},
             &units_);
  flags->Add({.name = "optimize",
              .value_name = "",
              .help = "search the sizes and numbers of units that are fastest "
                      "for this model"},
             &optimize_);
  flags->Add({.name = "output",
              .value_name = "FILE",
              .help = "with --optimize: write the configuration as a C++ "
                      "header to this file"},
             &output_);
  flags->Add({.name = "roofline",
              .value_name = "FILE",
              .help = "write the roofline as SVG to this file"},
             &roofline_);
  flags->Add({.name = "ops",
              .value_name = "",
              .help = "a row for each op rather than each kind of op"},
             &ops_);
  flags->Add(
      {.name = "json", .value_name = "", .help = "print one JSON object"},
      &json_);
}

absl::Status PlanCommand::CheckFlags() const {
  if (model_.empty() == synthetic_.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("give either --model=DIR or --synthetic=",
                     absl::StrJoin(SyntheticProgramNames(), "|")));
  }
  MOEVIT_RETURN_IF_ERROR(CheckFlag("batch", batch_, 1, kMaxBatch));
  MOEVIT_RETURN_IF_ERROR(
      CheckOptional("in_flight", in_flight_, 1, kMaxInFlight));
  MOEVIT_RETURN_IF_ERROR(
      CheckOptional("clock_mhz", clock_mhz_, kMinMegahertz, kMaxMegahertz));
  MOEVIT_RETURN_IF_ERROR(CheckOptional("dsp_limit", dsp_limit_, 1, kMaxDsps));
  if (!output_.empty() && !optimize_) {
    return absl::InvalidArgumentError(
        absl::StrCat("--output is \"", output_, "\" without --optimize"));
  }
  if (!units_.empty() && optimize_) {
    return absl::InvalidArgumentError(
        absl::StrCat("--units is \"", absl::StrJoin(units_, ","),
                     "\"; --optimize chooses them"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Program> PlanCommand::LoadProgram() const {
  if (!model_.empty()) {
    MOEVIT_ASSIGN_OR_RETURN(QuantizedModel model, LoadQuantizedModel(model_));
    return std::move(model.program);
  }
  absl::StatusOr<Program> program = SyntheticProgram(synthetic_);
  if (!program.ok()) return FlagError("synthetic", program.status());
  return program;
}

absl::StatusOr<planner::CardDescription> PlanCommand::ConfiguredCard() const {
  absl::StatusOr<planner::CardDescription> card = planner::DescribeCard(card_);
  if (!card.ok()) return FlagError("card", card.status());
  if (clock_mhz_ != 0) card->sizes.megahertz = clock_mhz_;
  if (!units_.empty()) {
    MOEVIT_ASSIGN_OR_RETURN(card->sizes.units, ParseUnits(units_));
  }
  return card;
}

absl::StatusOr<PlanReport> PlanCommand::MakeReport(
    const Program& program, const planner::CardDescription& card) const {
  PlanReport report;
  report.model = model_.empty() ? synthetic_ : model_;
  report.each_op = ops_;
  planner::OptimizerOptions options;
  options.plan.batch = batch_;
  options.plan.batches_in_flight = in_flight_;
  options.dsp_limit = dsp_limit_;
  if (optimize_) {
    MOEVIT_ASSIGN_OR_RETURN(planner::OptimizedCard best,
                            planner::OptimizeCard(program, card, options));
    report.card = best.card;
    report.plan = std::move(best.plan);
    report.considered = best.considered;
  } else {
    MOEVIT_RETURN_IF_ERROR(planner::CheckBudget(card, dsp_limit_));
    report.card = card;
    MOEVIT_ASSIGN_OR_RETURN(report.plan,
                            planner::MakePlan(program, card, options.plan));
  }
  report.budget = planner::BudgetOf(report.card, dsp_limit_);
  return report;
}

absl::Status PlanCommand::WriteFiles(const PlanReport& report) const {
  if (!output_.empty()) {
    const std::string structure =
        absl::StrCat(report.card.structure, "Optimized");
    MOEVIT_RETURN_IF_ERROR(WriteFile(
        output_, planner::CardHeader(
                     report.card, structure,
                     absl::StrFormat("%s, batch %d: %.1f images/s at %d MHz",
                                     report.model, report.plan.batch,
                                     report.plan.ImagesPerSecond(),
                                     report.card.sizes.megahertz))));
  }
  if (roofline_.empty()) return absl::OkStatus();
  return WriteFile(
      roofline_,
      planner::RooflineSvg(
          report.plan, report.card, planner::Timing(),
          absl::StrFormat("%s on a %s at %d MHz (MODELLED)", report.model,
                          report.card.name, report.card.sizes.megahertz)));
}

absl::Status PlanCommand::Run(absl::Span<const std::string> /*positional*/,
                              const Console& console) {
  MOEVIT_RETURN_IF_ERROR(CheckFlags());
  MOEVIT_ASSIGN_OR_RETURN(const planner::CardDescription card,
                          ConfiguredCard());
  MOEVIT_ASSIGN_OR_RETURN(const Program program, LoadProgram());
  MOEVIT_ASSIGN_OR_RETURN(const PlanReport report, MakeReport(program, card));
  MOEVIT_RETURN_IF_ERROR(WriteFiles(report));
  *console.out << (json_ ? PlanReportToJson(report) : PlanReportToText(report));
  return absl::OkStatus();
}

}  // namespace moevit
