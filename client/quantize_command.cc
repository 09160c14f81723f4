#include "client/quantize_command.h"

#include <filesystem>
#include <memory>
#include <ostream>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/cpu_count.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/thread_pool.h"
#include "client/flag_errors.h"
#include "client/limits.h"
#include "model/checkpoint.h"
#include "program/quantized_model.h"
#include "quantize/dataset.h"
#include "quantize/quantizer.h"
#include "quantize/report_html.h"

namespace moevit {
namespace {

constexpr int64_t kMaxCalibrationImages = 100000;

// "model" for "some/model" and for "some/model/".
std::string DirectoryName(const std::string& path) {
  const std::filesystem::path normal =
      std::filesystem::absolute(path).lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path())
      .filename()
      .string();
}

}  // namespace

void QuantizeCommand::AddFlags(FlagSet* flags) {
  flags->Add({.name = "checkpoint",
              .value_name = "DIR",
              .help = "config.json and model.safetensors",
              .required = true},
             &checkpoint_);
  flags->Add({.name = "calibration",
              .value_name = "FILE|DIR",
              .help = "raw images and labels, or a folder of images; labels "
                      "are not used",
              .required = true},
             &calibration_);
  flags->Add({.name = "output",
              .value_name = "DIR",
              .help = "where to write the model; must not exist yet",
              .required = true},
             &output_);
  flags->Add({.name = "calibration_images",
              .value_name = "N",
              .help = "use N images, spread over the set"},
             &calibration_images_);
  flags->Add({.name = "scheme",
              .value_name = "NAME",
              .help = "coqmoe (dual-stage), or minmax for comparison"},
             &scheme_);
  flags->Add({.name = "attention_bits",
              .value_name = "BITS",
              .help = "of the softmax numerators, 4 or 8"},
             &attention_bits_);
  flags->Add({.name = "disable",
              .value_name = "A,B,...",
              .help = absl::StrCat(
                  "leave out parts of coqmoe, to see what they are worth: ",
                  absl::StrJoin(TechniqueNames(), ", "))},
             &disable_);
  flags->Add(
      {.name = "report",
       .value_name = "FILE",
       .help = "also write the report to FILE.html, with plots, or FILE.json"},
      &report_);
  flags->Add({.name = "threads",
              .value_name = "N",
              .help = "how many threads to use; 0 uses every processor"},
             &threads_);
  flags->Add({.name = "json",
              .value_name = "",
              .help = "print the report as one JSON object"},
             &json_);
}

absl::Status QuantizeCommand::CheckFlags() const {
  MOEVIT_RETURN_IF_ERROR(CheckFlag("threads", threads_, 0, kMaxThreads));
  MOEVIT_RETURN_IF_ERROR(CheckFlag("calibration_images", calibration_images_, 1,
                                   kMaxCalibrationImages));
  if (!report_.empty() && !absl::EndsWith(report_, ".html") &&
      !absl::EndsWith(report_, ".json")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--report is \"", report_, "\"; its name must end in .html or .json"));
  }
  // Said before the work rather than after it.
  std::error_code error;
  if (std::filesystem::exists(output_, error)) {
    return absl::AlreadyExistsError(absl::StrCat(output_, " exists"));
  }
  return absl::OkStatus();
}

absl::StatusOr<QuantizeOptions> QuantizeCommand::Options() const {
  QuantizeOptions options;
  options.attention_bits = attention_bits_;
  if (scheme_ == "coqmoe") {
    options.scheme = Scheme::kCoqmoe;
  } else if (scheme_ == "minmax") {
    options.scheme = Scheme::kMinMax;
  } else {
    return absl::InvalidArgumentError(absl::StrCat(
        "--scheme is \"", scheme_, "\"; it must be coqmoe or minmax"));
  }
  for (absl::string_view name :
       absl::StrSplit(disable_, ',', absl::SkipEmpty())) {
    const absl::Status status = options.allowed.Disable(name);
    if (!status.ok()) return FlagError("disable", status);
  }
  return options;
}

absl::Status QuantizeCommand::WriteReport(
    const QuantizationReport& report) const {
  if (report_.empty()) return absl::OkStatus();
  return WriteFile(report_, absl::EndsWith(report_, ".html")
                                ? QuantizationReportToHtml(report)
                                : QuantizationReportToJson(report));
}

// A function of its own so that the checkpoint's memory is given back before
// the model is written.
absl::StatusOr<QuantizationResult> QuantizeCommand::Quantize(
    const Console& console) const {
  MOEVIT_ASSIGN_OR_RETURN(const QuantizeOptions options, Options());
  MOEVIT_ASSIGN_OR_RETURN(const Checkpoint checkpoint,
                          LoadCheckpoint(checkpoint_));
  MOEVIT_ASSIGN_OR_RETURN(
      const std::unique_ptr<Dataset> dataset,
      OpenDataset(calibration_, checkpoint.config, LabelUse::kIgnored));
  MOEVIT_ASSIGN_OR_RETURN(std::vector<std::vector<uint8_t>> pixels,
                          LoadCalibrationPixels(*dataset, calibration_images_));
  if (static_cast<int64_t>(pixels.size()) < calibration_images_) {
    *console.err << "warning: " << calibration_ << " has only " << pixels.size()
                 << " of the " << calibration_images_
                 << " calibration images asked for\n";
  }
  ThreadPool pool(threads_ == 0 ? AvailableCpuCount() : threads_);
  return QuantizeModel(checkpoint, std::move(pixels), options, pool);
}

absl::Status QuantizeCommand::Run(absl::Span<const std::string> /*positional*/,
                                  const Console& console) {
  MOEVIT_RETURN_IF_ERROR(CheckFlags());
  MOEVIT_ASSIGN_OR_RETURN(QuantizationResult result, Quantize(console));
  MOEVIT_RETURN_IF_ERROR(SaveQuantizedModel(result.model, output_));
  result.report.model = DirectoryName(checkpoint_);
  MOEVIT_RETURN_IF_ERROR(WriteReport(result.report));
  *console.out << (json_ ? QuantizationReportToJson(result.report)
                         : QuantizationReportToText(result.report));
  return absl::OkStatus();
}

}  // namespace moevit
