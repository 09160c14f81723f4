// What quantization did to each layer, for whoever runs it.
//
// A report holds no times and no paths: the same model, images and options
// give the same report. quantize/report_html.h makes a page of it.

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
  // place, dB; how much all quantization so far has cost. Infinite for no
  // error at all, NaN where the two cannot be compared.
  double snr_db = 0;
};

// The levels of integer attention in one block.
struct AttentionReport {
  int block = 0;
  std::vector<double> steps_per_octave;  // per head
};

struct ExpertReport {
  int block = 0;
  std::vector<int64_t> tokens;  // of the calibration images, per expert
  // Experts that saw too few and were calibrated on all tokens of the layer.
  std::vector<int> starved;
};

struct QuantizationReport {
  std::string model;       // what the user calls it; free text
  std::string scheme;      // as on the command line, for example "coqmoe"
  int attention_bits = 0;  // of the softmax numerators
  int images = 0;          // calibrated on
  std::vector<LayerReport> layers;         // in program order
  std::vector<AttentionReport> attention;  // one per block
  std::vector<ExpertReport> experts;       // one per sparse block
};

// Tokens of the busiest expert over the mean of all: 1 for an even split. NaN
// when there are none.
double Imbalance(const ExpertReport& experts);

// "41.3", "exact" for no error at all, "-" where it was not measured.
std::string SnrToText(double snr_db);

// Lines for a terminal.
std::string QuantizationReportToText(const QuantizationReport& report);

// One object. Numbers that are not finite are left out.
std::string QuantizationReportToJson(const QuantizationReport& report);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_QUANTIZATION_REPORT_H_
