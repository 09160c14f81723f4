#include "quantize/quantization_report.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/json.h"

namespace moevit {
namespace {

void AppendLayers(const std::vector<LayerReport>& layers, std::string* text) {
  size_t name_width = 5;
  size_t scheme_width = 6;
  for (const LayerReport& layer : layers) {
    name_width = std::max(name_width, layer.name.size());
    scheme_width = std::max(scheme_width, layer.scheme.size());
  }
  absl::StrAppendFormat(text, "%-*s  %-*s  %9s  %9s  %8s\n", name_width,
                        "value", scheme_width, "scheme", "min", "max",
                        "SNR dB");
  for (const LayerReport& layer : layers) {
    absl::StrAppendFormat(text, "%-*s  %-*s  %9.3f  %9.3f  %8s\n", name_width,
                          layer.name, scheme_width, layer.scheme, layer.min,
                          layer.max, SnrToText(layer.snr_db));
  }
}

void AppendExperts(const ExpertReport& experts, std::string* text) {
  absl::StrAppend(text, "block ", experts.block, ": tokens per expert ",
                  absl::StrJoin(experts.tokens, " "));
  const double imbalance = Imbalance(experts);
  if (std::isfinite(imbalance)) {
    absl::StrAppendFormat(text, ", the most %.2f times the mean", imbalance);
  }
  absl::StrAppend(text, "\n");
  for (int expert : experts.starved) {
    absl::StrAppend(text, "block ", experts.block, ": expert ", expert,
                    " saw only ", experts.tokens[expert],
                    " tokens and was calibrated on all of the layer's\n");
  }
}

void SetIfFinite(nlohmann::ordered_json& json, const char* key, double value) {
  if (std::isfinite(value)) json[key] = value;
}

nlohmann::ordered_json ToJson(const LayerReport& layer) {
  nlohmann::ordered_json json;
  json["name"] = layer.name;
  json["scheme"] = layer.scheme;
  SetIfFinite(json, "min", layer.min);
  SetIfFinite(json, "max", layer.max);
  SetIfFinite(json, "snr_db", layer.snr_db);
  return json;
}

nlohmann::ordered_json ToJson(const AttentionReport& attention) {
  nlohmann::ordered_json json;
  json["block"] = attention.block;
  json["steps_per_octave"] = attention.steps_per_octave;
  return json;
}

nlohmann::ordered_json ToJson(const ExpertReport& experts) {
  nlohmann::ordered_json json;
  json["block"] = experts.block;
  json["tokens"] = experts.tokens;
  SetIfFinite(json, "imbalance", Imbalance(experts));
  json["calibrated_on_all_tokens"] = experts.starved;
  return json;
}

template <typename T>
nlohmann::ordered_json ToJson(const std::vector<T>& entries) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const T& entry : entries) json.push_back(ToJson(entry));
  return json;
}

}  // namespace

double Imbalance(const ExpertReport& experts) {
  const int64_t total = absl::c_accumulate(experts.tokens, int64_t{0});
  if (total == 0) return std::numeric_limits<double>::quiet_NaN();
  const int64_t most = *absl::c_max_element(experts.tokens);
  return static_cast<double>(most) * experts.tokens.size() / total;
}

std::string SnrToText(double snr_db) {
  if (std::isfinite(snr_db)) return absl::StrFormat("%.1f", snr_db);
  return snr_db > 0 ? "exact" : "-";
}

std::string QuantizationReportToText(const QuantizationReport& report) {
  std::string text = absl::StrCat(report.model, ": scheme ", report.scheme,
                                  ", softmax ", report.attention_bits, " bit, ",
                                  report.images, " calibration images\n");
  AppendLayers(report.layers, &text);
  for (const ExpertReport& experts : report.experts) {
    AppendExperts(experts, &text);
  }
  return text;
}

std::string QuantizationReportToJson(const QuantizationReport& report) {
  nlohmann::ordered_json json;
  json["model"] = report.model;
  json["scheme"] = report.scheme;
  json["attention_bits"] = report.attention_bits;
  json["calibration_images"] = report.images;
  json["layers"] = ToJson(report.layers);
  json["attention"] = ToJson(report.attention);
  json["experts"] = ToJson(report.experts);
  // A model's name need not be UTF-8.
  return json.dump(1, ' ', /*ensure_ascii=*/false,
                   nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

}  // namespace moevit
