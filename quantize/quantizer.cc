#include "quantize/quantizer.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "program/verify.h"
#include "quantize/fidelity.h"
#include "quantize/model_quantizer.h"

namespace moevit {
namespace {

absl::Status CheckOptions(const QuantizeOptions& options) {
  if (options.attention_bits != 4 && options.attention_bits != 8) {
    return absl::InvalidArgumentError(absl::StrCat(
        "attention_bits is ", options.attention_bits, ", neither 4 nor 8"));
  }
  if (options.min_expert_tokens < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "min_expert_tokens is ", options.min_expert_tokens, ", less than 1"));
  }
  return absl::OkStatus();
}

absl::Status CheckPixels(const ModelConfig& config,
                         const std::vector<std::vector<uint8_t>>& pixels) {
  if (pixels.empty()) {
    return absl::InvalidArgumentError("there are no calibration images");
  }
  for (size_t i = 0; i < pixels.size(); ++i) {
    if (pixels[i].size() != config.image_bytes()) {
      return absl::InvalidArgumentError(
          absl::StrCat("calibration image ", i, " has ", pixels[i].size(),
                       " bytes, not ", config.image_bytes()));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckArchitecture(const Checkpoint& checkpoint) {
  if (checkpoint.norm.has_value() == checkpoint.pooled_norm.has_value()) {
    return absl::UnimplementedError(
        absl::StrCat("the model has ", checkpoint.norm ? "both" : "neither",
                     " a norm before and ", checkpoint.norm ? "" : "nor ",
                     "one after pooling; exactly one is supported"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<QuantizationResult> QuantizeModel(
    const Checkpoint& checkpoint, std::vector<std::vector<uint8_t>> pixels,
    const QuantizeOptions& options, ThreadPool& pool) {
  MOEVIT_RETURN_IF_ERROR(CheckOptions(options));
  MOEVIT_RETURN_IF_ERROR(CheckPixels(checkpoint.config, pixels));
  MOEVIT_RETURN_IF_ERROR(CheckArchitecture(checkpoint));
  // Enough to judge by; the float model is slow.
  constexpr size_t kFidelityImages = 8;
  const std::vector<std::vector<uint8_t>> judged(
      pixels.begin(),
      pixels.begin() + std::min(pixels.size(), kFidelityImages));
  ModelQuantizer quantizer(checkpoint, std::move(pixels), options, &pool);
  quantizer.Run();
  MOEVIT_RETURN_IF_ERROR(VerifyProgram(quantizer.program()));
  QuantizationResult result;
  result.report = quantizer.report();
  const Fidelity fidelity =
      MeasureFidelity(checkpoint, judged, quantizer, pool);
  for (LayerReport& layer : result.report.layers) {
    layer.snr_db = fidelity.SnrDb(layer.name);
  }
  result.model = {checkpoint.config, std::move(quantizer.program())};
  return result;
}

absl::StatusOr<std::vector<std::vector<uint8_t>>> LoadCalibrationPixels(
    const Dataset& dataset, int64_t count) {
  std::vector<std::vector<uint8_t>> pixels;
  for (int64_t index : SpreadIndices(dataset.size(), count)) {
    MOEVIT_ASSIGN_OR_RETURN(Sample sample, dataset.Load(index));
    pixels.push_back(std::move(sample.pixels));
  }
  return pixels;
}

}  // namespace moevit
