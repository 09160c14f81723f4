#include "energy/rapl_sensor.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "energy/sysfs.h"

namespace moevit {
namespace {

absl::Status WithWaysAround(const absl::Status& status) {
  if (!absl::IsPermissionDenied(status)) return status;
  return absl::PermissionDeniedError(absl::StrCat(
      status.message(),
      "; since CVE-2020-8694 only root may: run the server with the "
      "capability CAP_DAC_READ_SEARCH, or let its group read the file (chgrp "
      "and chmod 0440 in a udev rule or in a systemd unit's ExecStartPre), or "
      "mount /sys/class/powercap and /sys/devices/virtual/powercap from the "
      "host in a container (hostPath)"));
}

}  // namespace

absl::Status RaplSensor::FindPackages() {
  const std::string directory = absl::StrCat(root_, "/sys/class/powercap");
  std::vector<Package> found;
  for (const std::string& path : ListSysfs(directory, "intel-rapl:")) {
    MOEVIT_ASSIGN_OR_RETURN(const std::string name,
                            ReadSysfsLine(path + "/name"));
    if (!absl::StartsWith(name, "package-")) continue;
    MOEVIT_ASSIGN_OR_RETURN(const int64_t range,
                            ReadSysfsNumber(path + "/max_energy_range_uj"));
    found.push_back({path + "/energy_uj", EnergyCounter(range)});
  }
  packages_ = std::move(found);
  if (!packages_.empty()) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(
      directory,
      " has no processor package (a virtual machine has none; in a "
      "container it must be mounted from the host)"));
}

absl::StatusOr<SensorReading> RaplSensor::Read(double /*utilisation*/) {
  if (packages_.empty()) MOEVIT_RETURN_IF_ERROR(FindPackages());
  std::vector<int64_t> values;
  for (const Package& package : packages_) {
    const absl::StatusOr<int64_t> value = ReadSysfsNumber(package.path);
    if (!value.ok()) {
      if (absl::IsNotFound(value.status())) packages_.clear();
      return WithWaysAround(value.status());
    }
    values.push_back(*value);
  }
  // Only now, so that an error in between loses nothing.
  for (size_t i = 0; i < values.size(); ++i) {
    microjoules_ += packages_[i].counter.Advance(values[i]);
  }
  return SensorReading{SensorReading::Kind::kJoules,
                       static_cast<double>(microjoules_) * 1e-6};
}

}  // namespace moevit
