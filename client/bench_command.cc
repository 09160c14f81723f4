#include "client/bench_command.h"

#include <cstdint>
#include <memory>
#include <ostream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/build_info.h"
#include "base/cpu_count.h"
#include "base/machine.h"
#include "base/progress.h"
#include "base/status_macros.h"
#include "client/benchmark_report.h"
#include "client/flag_errors.h"
#include "client/limits.h"
#include "kernels/cpu/isa.h"
#include "program/quantized_model.h"
#include "program/synthetic_program.h"

namespace moevit {
namespace {

constexpr int kMaxRepeats = 1000;

absl::StatusOr<std::vector<int>> ParseNumbers(
    absl::string_view flag, const std::vector<std::string>& texts, int max) {
  if (texts.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--", flag, " is empty"));
  }
  std::vector<int> numbers;
  for (const std::string& text : texts) {
    int number = 0;
    if (!absl::SimpleAtoi(text, &number) || number < 1 || number > max) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", flag, " is \"", text,
                       "\"; it must be a number in [1, ", max, "]"));
    }
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

struct BenchCommand::Model {
  std::string name;
  Program program;
};

// What the flags say, checked.
struct BenchCommand::Plan {
  std::vector<int> batches;
  std::vector<int> threads;
  BenchmarkOptions options;
};

void BenchCommand::AddFlags(FlagSet* flags) {
  flags->Add({.name = "model",
              .value_name = "DIR,...",
              .help = "quantized models to measure"},
             &models_);
  flags->Add(
      {.name = "synthetic",
       .value_name = "NAME,...",
       .help = absl::StrCat("models of well-known shapes with random weights: ",
                            absl::StrJoin(SyntheticProgramNames(), ", "))},
      &synthetic_);
  flags->Add({.name = "batch", .value_name = "N,...", .help = "images per run"},
             &batches_);
  flags->Add({.name = "threads",
              .value_name = "N,...",
              .help = "threads that share the work"},
             &threads_);
  flags->Add({.name = "isa",
              .value_name = "NAME",
              .help = "portable, avx2 or avx512vnni; empty: MOEVIT_ISA, or "
                      "else the fastest this processor has"},
             &isa_);
  flags->Add({.name = "repeats",
              .value_name = "N",
              .help = "measured turns per case, after a warm-up"},
             &repeats_);
  flags->Add({.name = "ops",
              .value_name = "",
              .help = "also measure the time of each kind of operation"},
             &ops_);
  flags->Add({.name = "cpu_time",
              .value_name = "",
              .help = "measure processor time, by the number of threads, "
                      "rather than the time that passes: for a busy machine"},
             &cpu_time_);
  flags->Add(
      {.name = "json", .value_name = "", .help = "print one JSON object"},
      &json_);
}

absl::StatusOr<BenchCommand::Plan> BenchCommand::CheckFlags() const {
  if (models_.empty() && synthetic_.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("nothing to measure; give --model=DIR or --synthetic=",
                     absl::StrJoin(SyntheticProgramNames(), "|")));
  }
  MOEVIT_RETURN_IF_ERROR(CheckFlag("repeats", repeats_, 1, kMaxRepeats));
  Plan plan;
  MOEVIT_ASSIGN_OR_RETURN(plan.batches,
                          ParseNumbers("batch", batches_, kMaxBatch));
  MOEVIT_ASSIGN_OR_RETURN(plan.threads,
                          ParseNumbers("threads", threads_, kMaxThreads));
  const absl::StatusOr<Isa> isa = isa_.empty() ? DefaultIsa() : ParseIsa(isa_);
  if (!isa.ok()) {
    return absl::Status(isa.status().code(),
                        absl::StrCat(isa_.empty() ? "MOEVIT_ISA" : "--isa",
                                     ": ", isa.status().message()));
  }
  plan.options.isa = *isa;
  plan.options.cpu_time = cpu_time_;
  plan.options.op_times = ops_;
  return plan;
}

absl::StatusOr<std::vector<BenchCommand::Model>> BenchCommand::LoadModels()
    const {
  std::vector<Model> models;
  for (const std::string& directory : models_) {
    MOEVIT_ASSIGN_OR_RETURN(QuantizedModel model,
                            LoadQuantizedModel(directory));
    models.push_back({directory, std::move(model.program)});
  }
  for (const std::string& name : synthetic_) {
    absl::StatusOr<Program> program = SyntheticProgram(name);
    if (!program.ok()) return FlagError("synthetic", program.status());
    models.push_back({name, *std::move(program)});
  }
  return models;
}

// Cases of one batch size take turns, so that they can be compared.
absl::Status BenchCommand::MeasureBatch(
    const std::vector<Model>& models, const Plan& plan, int batch,
    ProgressMeter& progress, std::vector<BenchmarkResult>& results) const {
  std::vector<std::unique_ptr<ModelBenchmark>> cases;
  for (const Model& model : models) {
    for (const int threads : plan.threads) {
      cases.push_back(std::make_unique<ModelBenchmark>(
          BenchmarkCase{model.name, batch, threads}, &model.program,
          plan.options));
      MOEVIT_RETURN_IF_ERROR(cases.back()->WarmUp());
    }
  }
  for (int turn = 0; turn < repeats_; ++turn) {
    for (const auto& one : cases) {
      MOEVIT_RETURN_IF_ERROR(one->RunTurn());
      progress.Advance();
    }
  }
  for (const auto& one : cases) results.push_back(one->Result());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<BenchmarkResult>> BenchCommand::Measure(
    const std::vector<Model>& models, const Plan& plan) const {
  ProgressOptions options;
  options.label = "measuring";
  options.unit = "turns";
  options.total = static_cast<int64_t>(models.size() * plan.batches.size() *
                                       plan.threads.size()) *
                  repeats_;
  ProgressMeter progress(std::move(options));
  std::vector<BenchmarkResult> results;
  for (const int batch : plan.batches) {
    MOEVIT_RETURN_IF_ERROR(
        MeasureBatch(models, plan, batch, progress, results));
  }
  return results;
}

absl::Status BenchCommand::Run(absl::Span<const std::string> /*positional*/,
                               const Console& console) {
  MOEVIT_ASSIGN_OR_RETURN(const Plan plan, CheckFlags());
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<Model> models, LoadModels());
  BenchmarkReport report;
  MOEVIT_ASSIGN_OR_RETURN(report.results, Measure(models, plan));
  report.build = ThisBuild();
  report.processor = ProcessorName();
  report.processors = AvailableCpuCount();
  report.isa = std::string(IsaName(plan.options.isa));
  report.cpu_time = cpu_time_;
  report.repeats = repeats_;
  report.peak_resident_bytes = PeakResidentBytes();
  *console.out << (json_ ? BenchmarkReportToJson(report)
                         : BenchmarkReportToText(report));
  return absl::OkStatus();
}

}  // namespace moevit
