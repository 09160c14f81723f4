#include "client/evaluate_command.h"

#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "base/cpu_count.h"
#include "base/status_macros.h"
#include "base/thread_pool.h"
#include "client/flag_errors.h"
#include "client/limits.h"
#include "client/loaded_model.h"
#include "quantize/dataset.h"
#include "quantize/evaluation.h"
#include "quantize/evaluation_report.h"

namespace moevit {

void EvaluateCommand::AddFlags(FlagSet* flags) {
  flags->Add({.name = "model",
              .value_name = "DIR",
              .help = "a float checkpoint or a quantized model",
              .required = true},
             &model_);
  flags->Add({.name = "dataset",
              .value_name = "FILE|DIR",
              .help = "raw images and labels, or a folder with one subfolder "
                      "of images per class",
              .required = true},
             &dataset_);
  flags->Add({.name = "against",
              .value_name = "DIR",
              .help = "another model to compare with, image by image"},
             &against_);
  flags->Add({.name = "limit",
              .value_name = "N",
              .help = "use N images, spread over the dataset; 0 uses all"},
             &limit_);
  flags->Add({.name = "threads",
              .value_name = "N",
              .help = "how many threads to use; 0 uses every processor"},
             &threads_);
  flags->Add(
      {.name = "json", .value_name = "", .help = "print one JSON object"},
      &json_);
}

absl::Status EvaluateCommand::Run(absl::Span<const std::string> /*positional*/,
                                  const Console& console) {
  MOEVIT_RETURN_IF_ERROR(CheckFlag("threads", threads_, 0, kMaxThreads));
  MOEVIT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::Load(model_));
  std::optional<LoadedModel> against;
  EvaluationOptions options;
  options.limit = limit_;
  if (!against_.empty()) {
    MOEVIT_ASSIGN_OR_RETURN(against, LoadedModel::Load(against_));
    options.against = against->Evaluated();
  }
  MOEVIT_ASSIGN_OR_RETURN(
      const std::unique_ptr<Dataset> dataset,
      OpenDataset(dataset_, model.config(), LabelUse::kRequired));
  ThreadPool pool(threads_ == 0 ? AvailableCpuCount() : threads_);
  MOEVIT_ASSIGN_OR_RETURN(const Evaluation evaluation,
                          Evaluate(model.Evaluated(), *dataset, options, pool));
  *console.out << (json_ ? EvaluationToJson(evaluation)
                         : EvaluationToText(evaluation));
  return absl::OkStatus();
}

}  // namespace moevit
