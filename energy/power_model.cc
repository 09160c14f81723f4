#include "energy/power_model.h"

#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

// No device of one machine draws more.
constexpr double kMaxModelWatts = 100'000;

absl::StatusOr<PowerModel> ParsePowerModel(absl::string_view text) {
  PowerModel model;
  // Names of devices have colons, never an equals sign.
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '=');
  if (parts.size() == 2) {
    const std::vector<absl::string_view> watts = absl::StrSplit(parts[1], ':');
    model.device = std::string(parts[0]);
    if (!model.device.empty() && watts.size() == 2 &&
        absl::SimpleAtod(watts[0], &model.idle_watts) &&
        absl::SimpleAtod(watts[1], &model.peak_watts) &&
        model.idle_watts >= 0 && model.peak_watts >= model.idle_watts &&
        model.peak_watts > 0 && model.peak_watts <= kMaxModelWatts) {
      return model;
    }
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "energy_model has '%s', it must be DEVICE=IDLE:PEAK in watts with "
      "0 <= IDLE <= PEAK <= %.0f, such as cpu=20:95",
      text, kMaxModelWatts));
}

}  // namespace

absl::StatusOr<std::vector<PowerModel>> ParsePowerModels(
    absl::string_view text) {
  std::vector<PowerModel> models;
  std::set<std::string> devices;
  for (const absl::string_view entry :
       absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    MOEVIT_ASSIGN_OR_RETURN(PowerModel model, ParsePowerModel(entry));
    if (!devices.insert(model.device).second) {
      return absl::InvalidArgumentError(
          absl::StrFormat("energy_model has device '%s' twice", model.device));
    }
    models.push_back(std::move(model));
  }
  return models;
}

}  // namespace moevit
