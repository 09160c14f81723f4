// `moevit quantize`: turns a float checkpoint into an integer model.

#ifndef MOEVIT_CLIENT_QUANTIZE_COMMAND_H_
#define MOEVIT_CLIENT_QUANTIZE_COMMAND_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "client/command.h"
#include "client/flag_set.h"
#include "quantize/quantization_report.h"
#include "quantize/quantize_options.h"
#include "quantize/quantizer.h"

namespace moevit {

class QuantizeCommand : public Command {
 public:
  absl::string_view name() const override { return "quantize"; }
  absl::string_view summary() const override {
    return "turns a float checkpoint into an integer model";
  }
  absl::string_view positional() const override { return ""; }
  void AddFlags(FlagSet* flags) override;
  absl::Status Run(absl::Span<const std::string> positional,
                   const Console& console) override;

 private:
  absl::Status CheckFlags() const;
  absl::StatusOr<QuantizeOptions> Options() const;
  absl::StatusOr<QuantizationResult> Quantize(const Console& console) const;
  absl::Status WriteReport(const QuantizationReport& report) const;

  std::string checkpoint_;
  std::string calibration_;
  std::string output_;
  std::string scheme_ = "coqmoe";
  std::string disable_;
  std::string report_;
  int64_t calibration_images_ = 32;
  int attention_bits_ = 8;
  int threads_ = 0;
  bool json_ = false;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_QUANTIZE_COMMAND_H_
