// What quantization did to each layer, for whoever runs it.

#ifndef MOEVIT_QUANTIZE_QUANTIZATION_REPORT_H_
#define MOEVIT_QUANTIZE_QUANTIZATION_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

namespace moevit {

// One intermediate result of the program.
struct LayerReport {
  std::string name;    // of the value, for example "blocks.3.norm1"
  std::string scheme;  // for example "int8 per channel"
  double min = 0;      // over the calibration images, real units
  double max = 0;
  // Signal-to-noise ratio against the float model's activations at the same
  // place, dB; how much all quantization so far has cost.
  double snr_db = 0;
};

struct ExpertReport {
  int block = 0;
  std::vector<int64_t> tokens;  // of the calibration images, per expert
  // Experts that saw too few and were calibrated on all tokens of the layer.
  std::vector<int> starved;
};

struct QuantizationReport {
  int images = 0;
  std::vector<LayerReport> layers;    // in program order
  std::vector<ExpertReport> experts;  // one per sparse block
};

// Lines for a terminal.
std::string QuantizationReportToText(const QuantizationReport& report);

std::string QuantizationReportToJson(const QuantizationReport& report);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_QUANTIZATION_REPORT_H_
