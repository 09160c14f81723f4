#include "energy/hwmon_sensor.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "energy/sysfs.h"

namespace moevit {
namespace {

constexpr double kMicro = 1e-6;

// The chip's energy counters that do not overlap.
std::vector<std::string> CounterPaths(const std::string& chip) {
  std::vector<std::string> all;
  std::vector<std::string> sockets;
  for (const std::string& path : ListSysfs(chip, "energy")) {
    if (!absl::EndsWith(path, "_input")) continue;
    all.push_back(path);
    const auto label = ReadSysfsLine(
        absl::StrCat(absl::StripSuffix(path, "_input"), "_label"));
    if (label.ok() && absl::StartsWith(*label, "Esocket")) {
      sockets.push_back(path);
    }
  }
  return sockets.empty() ? all : sockets;
}

}  // namespace

bool HwmonSensor::UseChip(const std::string& path) {
  for (const std::string& counter : CounterPaths(path)) {
    counters_.push_back({counter, EnergyCounter(/*range=*/0)});
  }
  if (!counters_.empty()) return true;
  for (const char* name : {"/power1_average", "/power1_input"}) {
    power_path_ = path + name;
    // One that may not be read is there nevertheless.
    if (!absl::IsNotFound(ReadSysfsLine(power_path_).status())) return true;
  }
  power_path_.clear();
  return false;
}

absl::Status HwmonSensor::FindChip() {
  for (const std::string& path : ListSysfs(directory_, "hwmon")) {
    const auto name = ReadSysfsLine(path + "/name");
    if (!chip_.empty() && (!name.ok() || *name != chip_)) continue;
    if (UseChip(path)) return absl::OkStatus();
  }
  return absl::NotFoundError(
      absl::StrFormat("%s has no chip %sthat shows energy or power", directory_,
                      chip_.empty() ? "" : absl::StrCat("'", chip_, "' ")));
}

absl::StatusOr<SensorReading> HwmonSensor::ReadCounters() {
  std::vector<int64_t> values;
  for (const Counter& counter : counters_) {
    MOEVIT_ASSIGN_OR_RETURN(values.emplace_back(),
                            ReadSysfsNumber(counter.path));
  }
  // Only now, so that an error in between loses nothing.
  for (size_t i = 0; i < values.size(); ++i) {
    microjoules_ +=
        static_cast<double>(counters_[i].counter.Advance(values[i]));
  }
  return SensorReading{SensorReading::Kind::kJoules, microjoules_ * kMicro};
}

absl::StatusOr<SensorReading> HwmonSensor::ReadPower() const {
  MOEVIT_ASSIGN_OR_RETURN(const int64_t microwatts,
                          ReadSysfsNumber(power_path_));
  // What a sensor says that is not connected or not set up yet.
  if (microwatts == 0) {
    return absl::UnavailableError(absl::StrCat(power_path_, " says 0 W"));
  }
  return SensorReading{SensorReading::Kind::kWatts,
                       static_cast<double>(microwatts) * kMicro};
}

absl::StatusOr<SensorReading> HwmonSensor::Read(double /*utilisation*/) {
  if (counters_.empty() && power_path_.empty()) {
    MOEVIT_RETURN_IF_ERROR(FindChip());
  }
  absl::StatusOr<SensorReading> reading =
      counters_.empty() ? ReadPower() : ReadCounters();
  if (absl::IsNotFound(reading.status())) {
    counters_.clear();
    power_path_.clear();
  }
  return reading;
}

}  // namespace moevit
