#include "quantize/quantization_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/json.h"

namespace moevit {
namespace {

std::string SnrText(double snr_db) {
  return std::isfinite(snr_db) ? absl::StrFormat("%8.1f", snr_db)
                               : std::string("       -");
}

}  // namespace

std::string QuantizationReportToText(const QuantizationReport& report) {
  size_t name_width = 5;
  size_t scheme_width = 6;
  for (const LayerReport& layer : report.layers) {
    name_width = std::max(name_width, layer.name.size());
    scheme_width = std::max(scheme_width, layer.scheme.size());
  }
  std::string text =
      absl::StrFormat("%-*s  %-*s  %9s  %9s  %8s\n", name_width, "value",
                      scheme_width, "scheme", "min", "max", "SNR dB");
  for (const LayerReport& layer : report.layers) {
    absl::StrAppendFormat(&text, "%-*s  %-*s  %9.3f  %9.3f  %s\n", name_width,
                          layer.name, scheme_width, layer.scheme, layer.min,
                          layer.max, SnrText(layer.snr_db));
  }
  for (const ExpertReport& experts : report.experts) {
    absl::StrAppend(&text, "block ", experts.block, ": tokens per expert ",
                    absl::StrJoin(experts.tokens, " "), "\n");
    for (int expert : experts.starved) {
      absl::StrAppend(&text, "block ", experts.block, ": expert ", expert,
                      " saw only ", experts.tokens[expert],
                      " tokens and was calibrated on all of the layer's\n");
    }
  }
  return text;
}

std::string QuantizationReportToJson(const QuantizationReport& report) {
  nlohmann::ordered_json json;
  json["calibration_images"] = report.images;
  json["layers"] = nlohmann::ordered_json::array();
  for (const LayerReport& layer : report.layers) {
    nlohmann::ordered_json entry;
    entry["name"] = layer.name;
    entry["scheme"] = layer.scheme;
    entry["min"] = layer.min;
    entry["max"] = layer.max;
    if (std::isfinite(layer.snr_db)) entry["snr_db"] = layer.snr_db;
    json["layers"].push_back(entry);
  }
  json["experts"] = nlohmann::ordered_json::array();
  for (const ExpertReport& experts : report.experts) {
    nlohmann::ordered_json entry;
    entry["block"] = experts.block;
    entry["tokens"] = experts.tokens;
    entry["calibrated_on_all_tokens"] = experts.starved;
    json["experts"].push_back(entry);
  }
  return json.dump(1) + "\n";
}

}  // namespace moevit
